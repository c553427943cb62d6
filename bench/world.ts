// Owns the embedded world in a process of its own, so that what is measured does not carry it.
// node bench/world.ts demo|healthy: prints one line of JSON (its ports, its root) and lives until its standard input ends.
import { demoScript, healthyScript } from '../src/demo/script.ts';
import { startWorld } from '../src/demo/world.ts';

const world = await startWorld(process.argv[2] === 'healthy' ? healthyScript : demoScript);
const { port, resolver, authorityPort, caPem, zones } = world;
process.stdout.write(`${JSON.stringify({ port, resolver, authorityPort, caPem, zones })}\n`);
process.stdin.resume().once('end', () => void world.close());
