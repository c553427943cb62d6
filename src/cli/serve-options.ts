// Owns the options of `probe serve`.
import { type Command, Option } from 'commander';
import { logFormats, logLevels } from '../model/logfmt.ts';
import { repeatable } from './request-options.ts';

export function serveOptions(command: Command): Command {
  return command
    .description(
      'the agent: scheduled journeys for Prometheus on /metrics, and probes on /probe as blackbox_exporter answers them',
    )
    .option('--config <F>', 'targets and their schedule (YAML): each is ridden on its interval')
    .option('--blackbox-config <F>', "modules for /probe, as blackbox_exporter's file has them")
    .option('--listen <ADDR:PORT>', 'where to answer; :PORT is every address', '127.0.0.1:9115')
    .option(
      '--web-config <F>',
      "TLS, client certificates, users and a rate for these pages, as Prometheus' web configuration has them",
    )
    .option(
      '--token-file <F>',
      'tokens (a line each: NAME TOKEN) whose holders may POST /journeys, as users and client certificates of --web-config may',
    )
    .option('--max-probes-per-client <N>', 'probes that one address may have under way; 0: as many as it likes', '1000')
    .option('--timeout-offset <D>', "taken off Prometheus' scrape timeout, so that the answer comes in time", '500ms')
    .option('--history-limit <N>', 'results kept, and as many failures again', '100')
    .option('--no-quirks', "mend the quirks of blackbox_exporter that people's alerts may rest on")
    .addOption(
      repeatable(
        '--allow <NET>',
        'go to addresses in this network only, and to them though denied by default (repeat)',
      ),
    )
    .addOption(
      repeatable(
        '--deny <NET>',
        'go to no address in this network (repeat); link-local and metadata addresses are always denied',
      ),
    )
    .addOption(new Option('--log-level <L>', 'what is told on standard error').choices(logLevels).default('info'))
    .addOption(new Option('--log-format <F>', 'how').choices(logFormats).default('logfmt'))
    .addOption(
      new Option('--log-prober <L>', 'what is told there, and on the debug page, of probes on /probe')
        .choices(logLevels)
        .default('info'),
    )
    .addOption(
      repeatable(
        '--networks <F>',
        'published address ranges, which tell zones of addresses in /probe: a file, or the name of an operator to fetch it (repeat)',
      ),
    )
    .option('--enable-reload', 'POST /-/reload reads --config again, as SIGHUP always does')
    .option('--check', 'load the config, say what is in it, and exit');
}
