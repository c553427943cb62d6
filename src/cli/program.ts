// Owns the command line: names, options, help. Each command's code is imported when it is called.
import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../model/usage-error.ts';
import { accessOptions } from './access-command.ts';
import type { LintOptions } from './commands/config.ts';
import { CERTS_FORMATS, DIFF_FORMATS, FORMATS, type Launch } from './launch.ts';
import { repeatable, requestOptions } from './request-options.ts';
import { serveCommand } from './serve-options.ts';

/** Builds the command line. `setExit` receives the exit code of the command that ran, `print` the help and the version. */
function buildProgram(launch: Launch, setExit: (code: number) => void, print: (text: string) => void): Command {
  const program = new Command('probe')
    .description('Rides one request to a service, hop by hop, and answers with evidence.')
    .version(launch.version, '-V, --version')
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: (text) => launch.io.err(text) })
    .showHelpAfterError('(probe --help shows the options)')
    .enablePositionalOptions()
    .addHelpText('after', HELP_AFTER);
  const ride = program
    .command('ride [target]', { isDefault: true })
    .description('ride one journey and report it (the default command)');
  exportOptions(rideOptions(ride)).action(async (target: string | undefined, options: Record<string, unknown>) => {
    const { runRide } = await import('./commands/ride.ts');
    const isTyped = (option: string): boolean => ride.getOptionValueSource(option) === 'cli';
    setExit(await runRide(target, options, isTyped, launch));
  });
  expectationCommands(program, launch, setExit);
  certsOptions(program.command('certs [target...]')).action(
    async (targets: readonly string[], options: Record<string, unknown>) => {
      const { runCerts } = await import('./commands/certs.ts');
      setExit(await runCerts(targets, options, launch));
    },
  );
  expectOption(
    judgingOptions(
      outputOptions(
        program
          .command('judge <journey>')
          .description('judge an old journey again, by its own policy unless told otherwise; - reads standard input'),
      ),
    ),
  )
    .option('--as-of <TIME>', 'judge as if it were this time (RFC 3339); default: when it was ridden')
    .action(async (file: string, options: Record<string, unknown>) => {
      const { runJudge } = await import('./commands/judge.ts');
      setExit(await runJudge(file, options, launch));
    });
  outputOptions(
    program
      .command('report <journey>')
      .description('render an old journey again, without a network; - reads standard input'),
  ).action(async (file: string, options: Record<string, unknown>) => {
    const { runReport } = await import('./commands/report.ts');
    setExit(await runReport(file, options, launch));
  });
  configCommands(program.command('config'), launch, setExit);
  serveCommand(program.command('serve'), () => rideOptions(new Command()).opts(), launch, setExit);
  program
    .command('demo [command...]')
    .description('run any of the above inside the embedded kms.example world (default: probe kms.example)')
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action(async (command: readonly string[]) => {
      const { runDemo } = await import('./commands/demo.ts');
      setExit(await runDemo(command, launch, runCommand));
    });
  return program;
}

function configCommands(config: Command, launch: Launch, setExit: (code: number) => void): void {
  config.description('the files that a person writes: looked at, without sending anything');
  config
    .command('check <file>')
    .description('check a journey file: every mistake with its line')
    .action(async (file: string) => {
      const { runConfigCheck } = await import('./commands/config.ts');
      const defaults = rideOptions(new Command()).opts();
      setExit(await runConfigCheck(file, defaults, launch));
    });
  config
    .command('lint <file>')
    .description('question a blackbox.yml, or the modules of an agent.yml: what is valid in it and yet hardly meant')
    .option('--rules <file...>', 'Prometheus rules whose alerts are questioned as well')
    .action(async (file: string, options: LintOptions) => {
      const { runConfigLint } = await import('./commands/config.ts');
      setExit(await runConfigLint(file, options, launch));
    });
  config
    .command('schema')
    .description('print the JSON Schema of journey files, for editors')
    .option('--agent', "of the agent's file (probe serve --config) instead")
    .action(async (options: { readonly agent?: boolean }) => {
      const { runConfigSchema } = await import('./commands/config.ts');
      setExit(await runConfigSchema(options, launch));
    });
}

/** What is so today, and what changed since. */
function expectationCommands(program: Command, launch: Launch, setExit: (code: number) => void): void {
  const learn = program.command('learn [target]');
  learnOptions(learn).action(async (target: string | undefined, options: Record<string, unknown>) => {
    const { runLearn } = await import('./commands/learn.ts');
    const isTyped = (option: string): boolean => learn.getOptionValueSource(option) === 'cli';
    setExit(await runLearn(target, options, isTyped, launch));
  });
  diffOptions(program.command('diff <before> <after>')).action(
    async (before: string, after: string, options: Record<string, unknown>) => {
      const { runDiff } = await import('./commands/diff.ts');
      setExit(await runDiff(before, after, options, launch));
    },
  );
}

/** Parses and runs; returns the exit code. UsageError and faults of the program are left to the caller. */
export async function runCommand(args: readonly string[], launch: Launch): Promise<number> {
  let exit = 0;
  const printing: Promise<unknown>[] = [];
  const program = buildProgram(
    launch,
    (code) => {
      exit = code;
    },
    (text) => void printing.push(launch.io.out(text).catch((error: unknown) => error)),
  );
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const failure = (await Promise.all(printing)).find((result) => result instanceof Error);
    if (failure !== undefined) throw failure;
    if (error.exitCode === 0) return 0;
    // Commander has already said what is wrong, and what to type.
    throw new UsageError('', null);
  }
}

/** How much is asked of the service. */
function paceOptions(command: Command): Command {
  return command
    .option('-n, --samples <N>', 'requests to each endpoint', '20')
    .option('--rate <R>', 'requests a second to one endpoint, at most', '10')
    .option(
      '--infer',
      'ask more of endpoints with several hosts, in bursts: how many there are, and how they are chosen',
    )
    .option(
      '--no-reuse',
      'no requests on one connection to endpoints with several hosts (whether the host changes in it)',
    )
    .option('--no-reverse-names', 'names of addresses (PTR) are not asked for where a zone is not known')
    .option('--no-poll', 'work that a 202 begins is not asked for at the URL that it names')
    .option(
      '--intrusive',
      'also requests that break the rules of HTTP, to one endpoint of each zone: who refuses them; logs may show an attack',
    );
}

function clockOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--clock <C>',
      'kernel: each arrival stamped by it (Linux, koffi); loop: connect alone; auto, the default: kernel where it can be',
    ).choices(['kernel', 'loop', 'auto']),
  );
}

function rideOptions(command: Command): Command {
  travelOptions(command).option('--plan', 'print what would be sent, and to whom, and send nothing');
  return outputOptions(expectOption(judgingOptions(command)));
}

/** What is sent, to whom, and how. */
function travelOptions(command: Command): Command {
  paceOptions(command)
    .option('--journey <F>', 'journey file (YAML): target, request, steps with assertions, and options as here')
    .option('--timeout <D>', 'bound on each single step (500ms, 5s, 2m)', '5s')
    .option('--deadline <D>', 'bound on the whole journey; what is known by then is reported', '60s')
    .addOption(
      repeatable(
        '--resolver <R>',
        "resolver instead of the system's: IP[#PORT], tls://IP[#NAME] or https://HOST/PATH (repeat)",
      ),
    )
    .option('--trust-anchor <F>', 'DS or DNSKEY lines to validate DNSSEC from (default: the keys of the root)')
    .option('--root-hints <F>', 'root servers to walk from, as in named.root (default: those the resolver names)')
    .option('--no-dns-0x20', 'questions to DNS servers in plain letters, not in mixed ones (which a forger must guess)')
    .option('--no-dns-padding', 'questions over TLS and HTTPS as long as they are, not padded (RFC 8467)')
    .option(
      '--dns-conformance',
      'try each name server of the zone with all that it must pass over (default: three questions)',
    )
    .option('--policy-queries <N>', 'questions to the name servers that tell the routing policy (default: 20)')
    .addOption(
      repeatable(
        '--since <F>',
        'earlier journey (JSON) to the same host: tells what changed: addresses, certificates (repeat)',
      ),
    )
    .addOption(
      repeatable(
        '--networks <F>',
        'published address ranges: whose the addresses are; a file, or aws, cloudflare, fastly, github, google, oracle to fetch it (repeat)',
      ),
    )
    .addOption(repeatable('--cloud-ranges <F>', 'the same as --networks').hideHelp())
    .option(
      '--no-tls-survey',
      'no TLS hellos and handshakes beside the ride: only what it negotiates is told, not what is offered',
    )
    .option('--revocation', 'ask the OCSP responders and fetch the revocation lists that the certificates name')
    .option('--axfr', 'ask each name server of the zone whether it gives the whole zone away')
    .addOption(repeatable('--connect <ADDR[:PORT][=ZONE]>', 'ride this address instead of those DNS gives (repeat)'))
    .addOption(repeatable('--zone <NAME=ADDR[,ADDR]>', 'name the zone of addresses (repeat)'))
    .option('--ca-file <F>', "trust the roots in this PEM file instead of the system's")
    .option('--insecure', 'call untrusted and mismatching certificates notices, and send -H and --body there too')
    .option('--sni <NAME>', 'server name to send in TLS')
    .option('--client-cert <F>', 'client certificate chain (PEM)')
    .option('--client-key <F>', 'its private key (PEM)')
    .option('-4', 'IPv4 only')
    .option('-6', 'IPv6 only')
    .addOption(new Option('--http <V>', 'HTTP version').choices(['1.1', '2']))
    .option('--only <P[,P]>', 'run these probes only')
    .option('--skip <P[,P]>', 'leave these probes out')
    .option('--no-progress', 'no progress on standard error');
  return requestOptions(tracingOptions(traceOptions(accessOptions(clockOption(command)))));
}

function traceOptions(command: Command): Command {
  return command
    .option('--trace-flows <N>', 'source ports to trace the network from, 1 to 16 (default: 2)')
    .option(
      '--trace-rounds <N>',
      'times to ask each router, and the endpoint, from each (default: 3, and the endpoint once)',
    )
    .option('--no-trace-full-size', 'try no packet of full size: nothing is told of an MTU that hangs connections')
    .option('--trace-mtr', 'let the program mtr trace where this machine does not allow it otherwise');
}

/** The trace that a service's own spans join. */
function tracingOptions(command: Command): Command {
  return command
    .option(
      '--no-traceparent',
      'samples and steps without a traceparent header (W3C): the traces of the service do not join them',
    )
    .addOption(
      new Option('--trace-header <H>', 'amzn: X-Amzn-Trace-Id as well, with the same trace id, for X-Ray').choices([
        'amzn',
      ]),
    )
    .option('--no-trace-sampled', 'trace headers that ask nobody to record: ids in logs, and no bill for traces');
}

/** Who gets the samples beside the report. */
function exportOptions(command: Command): Command {
  return command
    .option(
      '--otlp <URL>',
      'send each sample as OpenTelemetry spans (OTLP/HTTP, JSON) to this receiver; env: to where OTEL_EXPORTER_OTLP_* says',
    )
    .option('--har <F>', 'write the samples to this file as an HTTP archive, which browsers open (HAR 1.2)');
}

function certsOptions(command: Command): Command {
  command
    .description('certificates and when they expire, for cron: silent when all is well')
    .addOption(
      repeatable('--list <F>', 'targets from this file, one a line, # for comments; - reads standard input (repeat)'),
    )
    .addOption(
      repeatable(
        '--file <F>',
        'certificates in this file: PEM, DER, PKCS#7, PKCS#12, JKS, Kubernetes manifest, kubeconfig (repeat)',
      ),
    )
    .addOption(repeatable('--dir <D>', 'certificates in the files below this folder (repeat)'))
    .option('--password-file <F>', 'passwords of PKCS#12 files: the lines of this file, tried in turn')
    .option('--password-env <NAME>', 'the same from this variable of the environment')
    .option('--revocation', 'ask the OCSP responders and fetch the revocation lists that the certificates name')
    .option('--since <F>', 'earlier report (-f json) of the same sweep: tells what was renewed, how, and where not')
    .option(
      '--explain',
      'draw each chain as a tree: ways to a root, validity over time, everything that is wrong with it',
    )
    .option(
      '--both-keys',
      'look at the certificate of the other key type (RSA, ECDSA) too: two handshakes more an address',
    )
    .option('--first-address', 'look at one address of each name instead of all')
    .option('--concurrency <N>', 'connections under way at once', '64')
    .option('--timeout <D>', 'bound on each single step (500ms, 5s, 2m)', '5s')
    .option('--deadline <D>', 'bound on the whole sweep; what is known by then is reported')
    .addOption(
      repeatable(
        '--resolver <R>',
        "resolver instead of the system's: IP[#PORT], tls://IP[#NAME] or https://HOST/PATH (repeat)",
      ),
    )
    .option('--ca-file <F>', "trust the roots in this PEM file instead of the system's")
    .option('--insecure', 'call untrusted and mismatching certificates notices')
    .option('--sni <NAME>', 'server name to send in TLS, instead of each target')
    .option('-4', 'IPv4 only')
    .option('-6', 'IPv6 only');
  return judgingOptions(certsReportOptions(command));
}

function certsReportOptions(command: Command): Command {
  return command
    .addOption(new Option('-f, --format <F>', 'how to report').choices(CERTS_FORMATS).default('text'))
    .option('-o, --output <F>', 'write the report to this file')
    .option(
      '--textfile <F>',
      "write metrics to this file, for node_exporter's textfile collector (replaced whole, never half)",
    )
    .option('--push <URL>', 'send metrics to this Pushgateway')
    .addOption(
      repeatable(
        '--notify <URL>',
        'tell problems to alertmanager+https://HOST, slack+https://HOST/PATH, or as JSON to https://HOST/PATH (repeat)',
      ),
    )
    .option('--notify-file <F>', 'the same, a URL a line: what is in a file is not in the list of processes')
    .option('--alert-for <D>', 'how long an alert stands unless it is told again: longer than from run to run', '25h')
    .option('-v, --verbose', 'what to do about each problem, notices, and everything that was looked at')
    .option('-q, --quiet', 'nothing on standard output: the exit code, and what is written to files')
    .addOption(failOnOption())
    .option('--no-color', 'no colour (NO_COLOR is respected)')
    .option('--no-progress', 'no progress on standard error');
}

function failOnOption(): Option {
  const says = 'which verdict makes the exit code non-zero';
  return new Option('--fail-on <V>', says).choices(['warning', 'critical', 'never']);
}

function learnOptions(command: Command): Command {
  return travelOptions(command)
    .description(
      'ride one journey and write down what is so today, as expectations that a person reads and trims (YAML)',
    )
    .option('--from <F>', 'learn from this journey (JSON) instead of a ride; - reads standard input')
    .option('-o, --output <F>', 'write the expectations to this file')
    .addHelpText('after', '\nExit codes: 0 written, 3 nothing to learn, cut short, or not written; 64 wrong usage.');
}

function diffOptions(command: Command): Command {
  return command
    .description('what changed between two journeys, and which latency changes are real; - reads standard input')
    .addOption(new Option('-f, --format <F>', 'how to report').choices(DIFF_FORMATS).default('text'))
    .option('-o, --output <F>', 'write the report to this file')
    .option('-v, --verbose', 'latency that did not change, and what could not be compared, too')
    .option('--no-color', 'no colour (NO_COLOR is respected)')
    .addHelpText(
      'after',
      '\nExit codes: 0 the same, 1 changed, 3 the same as far as could be seen, or not written; 64 wrong usage.',
    );
}

function expectOption(command: Command): Command {
  return command.option('--expect <F>', 'expectations (YAML, of probe learn) to hold the journey to');
}

function judgingOptions(command: Command): Command {
  return command
    .option('--warn <D>', 'certificate lifetime left that warns (default: 30d)')
    .option('--critical <D>', 'certificate lifetime left that is critical (default: 7d)')
    .option('--policy <F>', 'policy file (YAML or JSON): thresholds by probe, severities by check id');
}

function outputOptions(command: Command): Command {
  return command
    .addOption(new Option('-f, --format <F>', 'how to report').choices(FORMATS).default('text'))
    .option('-o, --output <F>', 'write the report to this file')
    .addOption(failOnOption())
    .option('-q, --quiet', 'only the verdict line and the findings')
    .option('-v, --verbose', 'all evidence tables')
    .option('--no-color', 'no colour (NO_COLOR is respected)');
}

const HELP_AFTER = `
Examples:
  probe kms.example                            three in the morning: what is wrong, and where
  probe kms.example --plan                     what would be sent, and to whom
  probe kms.example -f json > before.json      write it down
  probe --journey keys.yaml                    several requests in order, with assertions
  probe certs --list names.txt                 for cron: silent when every certificate is well
  probe learn kms.example -o kms.yaml          today as expectations, to read and trim
  probe kms.example --expect kms.yaml          what is so no longer
  probe diff before.json after.json            what changed between two journeys
  probe judge before.json --policy p.yaml      judge it again: its own policy, and this one over it
  probe report before.json -f html -o j.html   render it again
  probe serve --config agent.yml               the agent: http://127.0.0.1:9115/ and /metrics
  probe demo                                   the embedded world: no network, no root

Exit codes: 0 ok, 1 warning, 2 critical, 3 could not tell, cut short, or not written; 64 wrong usage.
probe demo exits 0 whatever it finds, unless --fail-on asks for more.`;
