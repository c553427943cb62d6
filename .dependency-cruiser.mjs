// The rules of the house: which room may know which. `npm run layers` holds the code to them; test/layers plants a violation of each.
const TESTS = '(^test/|/test/)';
const PURE =
  '^(src/(model|stats|contract|report|x509|expect|diff|trace)/|probes/[^/]+/((checks|facts|judgement|metrics|section|derive|evidence[-a-z0-9]*)([.]ts$|/)))';
/** Rooms and Node modules through which something leaves the process. */
const WIRE =
  '^(src/net/|(node:)?(net|tls|dns|dgram|http|https|http2|fs|child_process|worker_threads|cluster|inspector)(/promises)?$)';

/** An npm package and the only rooms that may import it. */
const packages = {
  undici: '^src/(net|export)/',
  koffi: '^src/net/',
  'dns-packet': '^src/(net/dns|demo/dns)/',
  'node-forge': '^src/(demo/pki|x509)/',
  'prom-client': '^src/metrics/',
  tldts: '^probes/dns/safety/',
  commander: '^src/cli/',
  'tough-cookie': '^(probes/steps|src/blackbox)/',
  'json-p3': '^probes/steps/',
  ajv: '^probes/steps/',
  re2js: '^(src/blackbox/go/|probes/steps/)',
  '@marcbachmann/cel-js': '^src/blackbox/go/',
  bcryptjs: '^src/agent/(web-config|gatekeeper)[.]ts$',
  pino: '^src/agent/log/agent-log[.]ts$',
  yaml: '^src/(config|certs|blackbox)/',
  aws4: '^src/net/auth/',
  ws: '^src/net/talk/',
  zod: '^(src/(model|contract|journey|config)/|probes/[^/]+/(evidence[-a-z0-9]*|options)[.]ts$|schema/)',
};

const packageRooms = Object.entries(packages).map(([name, room]) => ({
  name: `room-of-${name}`,
  comment: `${name} is imported in one place, so that it can be replaced there.`,
  severity: 'error',
  from: { pathNot: [room, TESTS, '^bench/'] },
  to: { path: `(^|/)node_modules/(@types/)?${name}/` },
}));

export default {
  forbidden: [
    {
      name: 'pure-reaches-no-wire',
      comment: 'Judging and rendering must run on an old journey, without a network.',
      severity: 'error',
      from: { path: PURE, pathNot: TESTS },
      to: { path: WIRE, reachable: true },
    },
    {
      name: 'probe-knows-only-evidence-of-others',
      comment: 'Another probe is read through its record, so that each can be removed alone.',
      severity: 'error',
      from: { path: '^probes/([^/]+)/', pathNot: TESTS },
      to: { path: '^probes/[^/]+/', pathNot: ['^probes/$1/', '^probes/[^/]+/evidence[.]ts$'] },
    },
    {
      name: 'evidence-is-a-leaf',
      comment: 'A record is words of the model and a schema, nothing else; a long one may stand in parts beside it.',
      severity: 'error',
      from: { path: '^probes/([^/]+)/evidence[-a-z0-9]*[.]ts$' },
      to: { pathNot: ['^src/model/', '(^|/)node_modules/zod/', '^probes/$1/evidence-[-a-z0-9]*[.]ts$'] },
    },
    {
      name: 'descriptor-is-light',
      comment: 'probe.ts is read at every start: what it describes is behind lazy doors.',
      severity: 'error',
      from: { path: '^probes/[^/]+/probe[.]ts$' },
      to: { dynamic: false, dependencyTypesNot: ['type-only'], pathNot: '^src/(model|contract)/' },
    },
    {
      name: 'only-main-knows-probes',
      comment: 'The engine knows the contract and no probe by name.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/main[.]ts$', TESTS] },
      to: { path: '^probes/' },
    },
    {
      name: 'probe-uses-lower-rooms',
      comment: 'A probe stands on model, stats, contract, net and x509.',
      severity: 'error',
      from: { path: '^probes/[^/]+/', pathNot: TESTS },
      to: { path: '^src/', pathNot: '^src/(model|stats|contract|net|x509)/' },
    },
    {
      name: 'x509-knows-only-words',
      comment: 'Certificates are read and judged from their bytes alone: whoever has some may ask, on any occasion.',
      severity: 'error',
      from: { path: '^src/x509/', pathNot: TESTS },
      to: { path: '^(src|probes)/', pathNot: '^src/(model|x509)/' },
    },
    {
      name: 'model-is-the-floor',
      comment: 'Words come first.',
      severity: 'error',
      from: { path: '^src/(model|stats)/', pathNot: TESTS },
      to: { path: '^(src|probes)/', pathNot: '^src/(model|stats)/' },
    },
    {
      name: 'contract-below-net',
      comment: 'The contract states what the wire offers; net fulfils it.',
      severity: 'error',
      from: { path: '^src/contract/', pathNot: TESTS },
      to: { path: '^(src|probes)/', pathNot: '^src/(model|stats|contract)/' },
    },
    {
      name: 'net-knows-no-upper-room',
      comment: 'The wire serves the engine and the probes; it asks nothing of them.',
      severity: 'error',
      from: { path: '^src/net/', pathNot: TESTS },
      to: { path: '^(src|probes)/', pathNot: '^src/(model|stats|contract|net)/' },
    },
    {
      name: 'engine-knows-no-printer',
      comment: 'The journey is written down before anybody asks how to print it.',
      severity: 'error',
      from: { path: '^src/(journey|certs)/', pathNot: TESTS },
      to: { path: '^src/(report|metrics|export|agent|cli|config|demo)/' },
    },
    {
      name: 'outputs-know-no-engine',
      comment: 'Report, metrics and export are made from a finished journey.',
      severity: 'error',
      from: { path: '^src/(report|metrics|export)/', pathNot: TESTS },
      to: { path: '^src/(journey|certs|agent|cli|config|net|demo)/' },
    },
    {
      name: 'world-is-the-other-side',
      comment: 'The embedded world plays the service: it shares no code with what looks at it.',
      severity: 'error',
      from: { path: '^src/demo/', pathNot: TESTS },
      to: { path: '^(src|probes)/', pathNot: '^src/(demo|model|contract)/' },
    },
    {
      name: 'secrets-stay-few',
      comment:
        'A secret is taken in by the command line and the journey file, carried by the settings, and opened where it is sent.',
      severity: 'error',
      from: {
        path: '^(src|probes)/',
        pathNot: [
          '^src/(net|model|cli|config|certs/files)/',
          '^src/journey/settings[.]ts$',
          '^src/contract/(call|talk)[.]ts$',
          '^probes/steps/',
          TESTS,
        ],
      },
      to: { path: '^src/model/secret[.]ts$' },
    },
    {
      name: 'nobody-imports-main',
      comment: 'The composition root is the end of every chain. The start file imports it when a command needs it.',
      severity: 'error',
      from: { pathNot: ['^src/bin[.]ts$', TESTS, '^bench/'] },
      to: { path: '^src/main[.]ts$' },
    },
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphan',
      comment: 'A module that nobody reads is not part of the house.',
      severity: 'error',
      from: {
        orphan: true,
        path: '^(src|probes)/',
        pathNot: [TESTS, '[.]d[.]ts$', '^probes/(new-probe[.]ts|_template/)'],
      },
      to: {},
    },
    {
      name: 'no-dev-dependency',
      comment: 'What ships must not need what does not.',
      severity: 'error',
      from: { path: '^(src|probes)/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '(^|/)node_modules/@types/' },
    },
    {
      name: 'no-unknown-package',
      comment: 'A package that package.json does not name is there by chance.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    {
      name: 'no-barrel',
      comment:
        'index.ts hides where a thing lives. The list of probes and the published contract are the two that have one.',
      severity: 'error',
      from: {},
      to: { path: '(^|/)index[.]ts$', pathNot: ['^probes/index[.]ts$', '^src/contract/index[.]ts$', 'node_modules'] },
    },
    {
      name: 'named-rooms',
      comment: 'A folder or file called util says nothing.',
      severity: 'error',
      from: {},
      to: {
        path: '(^|/)(utils?|helpers?|common|shared|misc|lib|base|manager)([./]|$)',
        pathNot: 'node_modules',
        dependencyTypesNot: ['core'],
      },
    },
    ...packageRooms,
  ],
  options: {
    // With TypeScript 7 installed and no other parser the tool reads no module at all and is content.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // Tests may look anywhere, and use syntax (await using) that the tool's swc walker does not know.
    exclude: { path: '(^dist/|/test/|^probes/_template/)' },
  },
};
