// Owns saying how much memory a process had at most: node --import ./bench/peak-memory.ts PROGRAM, with a file named in
// OUTRIDER_PEAK_FILE. getrusage(2): ru_maxrss is in KiB on Linux, and Node gives it so everywhere.
import { writeFileSync } from 'node:fs';

const file = process.env['OUTRIDER_PEAK_FILE'];
if (file !== undefined) {
  process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS * 1024)));
}
