// Holds the bound on one client's probes: who counts as one client, and that places come back.
import { expect, test } from 'vitest';
import { openClients } from '../clients.ts';

test('a client gets so many places, and one more for each that comes back', () => {
  const clients = openClients(2);
  const [first, second] = [clients.enter('192.0.2.1'), clients.enter('192.0.2.1')];
  expect(first).not.toBeNull();
  expect(clients.enter('192.0.2.1')).toBeNull();
  expect(clients.enter('192.0.2.2')).not.toBeNull();
  expect(clients.state()).toEqual({ underWay: 3, turnedAway: 1 });
  second?.();
  second?.();
  expect(clients.enter('192.0.2.1')).not.toBeNull();
  expect(clients.enter('192.0.2.1')).toBeNull();
  expect(clients.state()).toEqual({ underWay: 3, turnedAway: 2 });
});

test.each([
  ['192.0.2.1', '::ffff:192.0.2.1', true],
  ['2001:db8::1', '2001:db8:0:0:ffff::2', true],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
  ['fe80::1%eth0', 'fe80::2%eth0', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['::1', '127.0.0.1', false],
])('%s and %s are one client: %s', (one, other, same) => {
  const clients = openClients(1);
  clients.enter(one);
  expect(clients.enter(other) === null).toBe(same);
});

test('without a bound nobody is turned away', () => {
  const clients = openClients(0);
  for (let at = 0; at < 3000; at++) expect(clients.enter('192.0.2.1')).not.toBeNull();
  expect(clients.state()).toEqual({ underWay: 3000, turnedAway: 0 });
});
