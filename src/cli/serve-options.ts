// Owns the options of `probe serve`.
import { type Command, Option } from 'commander';
import { logFormats, logLevels } from '../model/logfmt.ts';
import { takeExporterFlags, withExporterFlags } from './exporter-flags.ts';
import type { Launch } from './launch.ts';
import { repeatable } from './request-options.ts';
import { AUTO_RELOAD, LISTEN } from './serve-defaults.ts';

/** @param defaults of the options of a ride */
export function serveCommand(
  serve: Command,
  defaults: () => Readonly<Record<string, unknown>>,
  launch: Launch,
  setExit: (code: number) => void,
): void {
  serveOptions(serve, launch.version).action(async () => {
    const { runServe } = await import('./commands/serve.ts');
    setExit(await runServe(withExporterFlags(serve), defaults(), launch));
  });
}

/** @param version that `--version` prints */
function serveOptions(command: Command, version: string): Command {
  command
    .description(
      'the agent: scheduled journeys for Prometheus on /metrics, and probes on /probe as blackbox_exporter answers them',
    )
    .version(version, '--version')
    .option('--config <F>', 'targets and their schedule (YAML): each is ridden on its interval, or probed by a module')
    .option('--blackbox-config <F>', "modules for /probe and for targets, as blackbox_exporter's file has them");
  return takeExporterFlags(logOptions(probeOptions(pageOptions(command))))
    .option(
      '--shard <N/M>',
      "ride the N-th of M shares of the targets, from 0: those whose name Prometheus' hashmod counts there",
    )
    .option('--enable-reload', 'POST /-/reload reads --config again, as SIGHUP always does')
    .addOption(
      new Option('--auto-reload [D]', 'look at the files every so often, and read again those that changed').preset(
        AUTO_RELOAD,
      ),
    )
    .option('--check', 'load the config, say what is in it, and exit')
    .addHelpText(
      'after',
      '\nThe flags of blackbox_exporter are taken too, by their own names (--config.file, --web.listen-address...).',
    );
}

/** Where the pages are, and for whom. */
function pageOptions(command: Command): Command {
  return command
    .addOption(
      repeatable('--listen <ADDR:PORT>', 'where to answer; :PORT is every address (repeat)').default([], LISTEN),
    )
    .option('--systemd-socket', 'answer on the sockets that systemd hands over, and on no other')
    .option(
      '--web-config <F>',
      "TLS, client certificates, users and a rate for these pages, as Prometheus' web configuration has them",
    )
    .option('--external-url <URL>', 'where a reverse proxy shows these pages; its path is put before theirs')
    .option('--route-prefix <PATH>', 'put before the paths of all pages (default: the path of --external-url)')
    .option(
      '--token-file <F>',
      'tokens (a line each: NAME TOKEN) whose holders may POST /journeys, as users and client certificates of --web-config may',
    );
}

/** Of /probe. */
function probeOptions(command: Command): Command {
  return command
    .option('--max-probes-per-client <N>', 'probes that one address may have under way; 0: as many as it likes', '1000')
    .option('--timeout-offset <D>', "taken off Prometheus' scrape timeout, so that the answer comes in time", '500ms')
    .option(
      '--probe-threads <N>',
      'threads that help with /probe when one is not enough (default: one less than processors, 3 at most)',
    )
    .option('--history-limit <N>', 'results kept, and as many failures again', '100')
    .option('--no-quirks', "mend the quirks of blackbox_exporter that people's alerts may rest on")
    .addOption(
      repeatable(
        '--allow <NET|NAME>',
        'callers may send it to this network alone (though denied by default), or to this name; *.NAME is every name below (repeat)',
      ),
    )
    .addOption(
      repeatable(
        '--deny <NET|NAME>',
        'callers may not send it to this network or name, nor by an alias or redirect (repeat); link-local and metadata addresses are denied anyhow',
      ),
    )
    .addOption(
      repeatable(
        '--networks <F>',
        'published address ranges, which tell zones of addresses in /probe: a file, or the name of an operator to fetch it (repeat)',
      ),
    );
}

function logOptions(command: Command): Command {
  return command
    .addOption(new Option('--log-level <L>', 'what is told on standard error').choices(logLevels).default('info'))
    .addOption(new Option('--log-format <F>', 'in which form').choices(logFormats).default('logfmt'))
    .addOption(
      new Option('--log-prober <L>', 'what is told there, and on the debug page, of probes on /probe')
        .choices(logLevels)
        .default('info'),
    );
}
