// Owns a PostgreSQL that can be stopped and started again on the same data, as its own user.
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Daemon, HERE, outputOf, type Rig } from './rig.ts';
import type { Listen } from './web.ts';

const [SERVER, INITDB] = ['/usr/lib/postgresql/15/bin/postgres', '/usr/lib/postgresql/15/bin/initdb'];
export const POSTGRES_TOOLS = [SERVER, INITDB, 'psql', 'setpriv'] as const;

export interface Postgres {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** @param tables SQL that makes them */
export async function openPostgres(rig: Rig, { address, port }: Listen, tables: string): Promise<Postgres> {
  const data = join(rig.folder, 'postgres');
  const user = Number(await outputOf(['id', '-u', 'postgres']));
  const group = Number(await outputOf(['id', '-g', 'postgres']));
  await mkdir(data, { mode: 0o700 });
  await chown(data, user, group);
  const own = ['setpriv', `--reuid=${user}`, `--regid=${group}`, '--clear-groups', '--pdeathsig', 'TERM'];
  await outputOf([...own, INITDB, '-D', data, '--no-sync', '--auth=trust']);
  const psql = ['psql', '-h', address, '-p', `${port}`, '-U', 'postgres', '-X', '-q'];
  const settings = ['unix_socket_directories=', 'fsync=off'].flatMap((setting) => ['-c', setting]);
  const argv = [...own, SERVER, '-D', data, '-h', address, '-p', `${port}`, ...settings];
  let running: Daemon | null = null;
  const start = async (): Promise<void> => {
    running = await rig.start({ name: 'postgres', place: HERE, argv, answers: [...psql, '-c', 'select 1'] });
  };
  await start();
  await outputOf([...psql, '-c', tables]);
  return {
    start,
    async stop() {
      await running?.stop();
    },
  };
}
