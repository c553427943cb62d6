// Owns who is told of the certificates beside the one who runs the command: a Pushgateway, Alertmanager, chat rooms, webhooks.

import type { Receiver } from '../export/certs-messages.ts';
import type { Message } from '../export/deliver.ts';
import type { CertsReport } from '../model/certs.ts';
import { parseDuration } from '../model/duration.ts';
import { UsageError } from '../model/usage-error.ts';
import type { CertsOptions } from './certs-options.ts';
import { readText } from './input-file.ts';
import type { Launch } from './launch.ts';
import { bounded } from './ride-options.ts';
import { systemRoots } from './roots.ts';

const MAX_URLS_BYTES = 65_536;

export interface Telling {
  /** Tells everybody; resolves with a line for each who could not be told. @param metrics in Prometheus text */
  tell(report: CertsReport, metrics: () => Promise<string>, signal: AbortSignal): Promise<readonly string[]>;
}

/** Looked at before anything is sent. Null when nobody is to be told. @throws UsageError */
export async function tellingOf(options: CertsOptions, launch: Launch): Promise<Telling | null> {
  const urls = [...options.notify, ...(await urlsIn(options.notifyFile))];
  const alertForMs = bounded(parseDuration(options.alertFor, '--alert-for'), '--alert-for');
  if (urls.length === 0 && options.push === undefined) return null;
  const { notification, parseReceiver, push, worthTelling } = await import('../export/certs-messages.ts');
  const { DELIVERY, deliver } = await import('../export/deliver.ts');
  const receivers: readonly Receiver[] = urls.map(parseReceiver);
  const pushTo = (to: string, metrics: string): Message => push(metrics, to, launch.io.vantage().name);
  // A URL that is none is said now.
  if (options.push !== undefined) pushTo(options.push, '');
  const system = await systemRoots(launch.io.env);
  return {
    async tell(report, metrics, signal) {
      const pushed = options.push === undefined ? [] : [pushTo(options.push, await metrics())];
      const told = worthTelling(report).length === 0 ? [] : receivers.map((to) => notification(report, to, alertForMs));
      const sending = { ...DELIVERY, caPem: system === null ? null : [system], signal };
      const results = await Promise.all([...pushed, ...told].map((message) => deliver(message, sending)));
      return results.flatMap((failure) => failure ?? []);
    },
  };
}

async function urlsIn(file: string | undefined): Promise<readonly string[]> {
  if (file === undefined) return [];
  const text = await readText(file, '--notify-file', MAX_URLS_BYTES);
  const urls = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (urls.length === 0) throw new UsageError(`--notify-file: ${file} holds no URL`);
  return urls;
}
