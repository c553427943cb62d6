// Holds the repetition of failed probes to real servers that fail once, always or never: what is said in the end, what is told of the first attempt,
// and that all attempts together keep to the timeout.
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { failureIn, listening, probed, roomOf, valueOf } from './asking.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Greets as its connections are told to, one after the other; `null`: never. */
async function serverOf(...greetings: readonly (string | null)[]): Promise<{ target: string; served: () => number }> {
  let served = 0;
  const server = createServer((socket: Socket) => {
    closing.push(() => socket.destroy());
    socket.on('error', () => undefined);
    const greeting = greetings[Math.min(served++, greetings.length - 1)];
    if (typeof greeting === 'string') socket.end(greeting);
  });
  closing.push(() => server.close());
  return { target: `127.0.0.1:${await listening(server)}`, served: () => served };
}

const roomFor = (confirm: string, timeout = '10s', more: Parameters<typeof roomOf>[1] = {}) =>
  roomOf(
    `modules: {m: {prober: tcp, timeout: ${timeout}, tcp: {query_response: [{expect: "^220"}]}, outrider: {confirm: ${confirm}}}}`,
    more,
  );

const FIRST = 'probe_first_attempt_failure_info{fault="target",phase="answer",reason="dialogue"}';

describe('confirm', () => {
  test.each([
    ['{after: 1ms}', ['220 hi\n'], 1, 1, 0],
    ['{after: 1ms}', ['421 busy\n', '220 hi\n'], 1, 2, 1],
    ['{after: 1ms}', ['421 busy\n'], 0, 2, 1],
    ['{times: 3, after: 1ms}', ['421 a\n', '421 b\n', '220 c\n'], 1, 3, 1],
    ['{times: 3, after: 1ms}', ['421 a\n'], 0, 4, 1],
    ['{times: 2, after: 0s}', ['421 a\n', '220 b\n'], 1, 2, 1],
  ])('%s of servers that say %j: success %i after %i attempts', async (confirm, says, success, attempts, failed) => {
    const { target, served } = await serverOf(...says);
    const flaps: string[] = [];
    const room = roomFor(confirm, '10s', { onFlap: (module) => void flaps.push(module) });
    const page = await probed(room, 'm', target);
    expect(valueOf(page, 'probe_success')).toBe(success);
    expect(valueOf(page, 'probe_attempts')).toBe(attempts);
    expect(served()).toBe(attempts);
    expect(valueOf(page, 'probe_first_attempt_failed')).toBe(failed);
    expect(valueOf(page, FIRST)).toBe(failed === 1 ? 1 : null);
    expect(failureIn(page)).toBe(success === 1 ? null : 'answer dialogue target');
    expect(valueOf(page, 'probe_timeout_seconds')).toBe(10);
    expect(valueOf(page, 'probe_attempts_duration_seconds')).toBeGreaterThanOrEqual(
      valueOf(page, 'probe_duration_seconds') ?? Infinity,
    );
    const isFlap = success === 1 && failed === 1;
    expect(flaps).toEqual(isFlap ? ['m'] : []);
    // The history keeps a flap as long as a failure, with the log of every attempt.
    const [kept] = room.history.list();
    expect(kept?.success).toBe(success === 1 && !isFlap);
    expect(kept?.debug().match(/msg="Beginning probe"/g)).toHaveLength(attempts);
  });

  test('gives each attempt its part of the timeout, so that silence is asked again, too', async () => {
    const { target } = await serverOf(null, '220 hi\n');
    const page = await probed(roomFor('{after: 10ms}', '2s'), 'm', target);
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect(valueOf(page, 'probe_attempts')).toBe(2);
    expect(
      valueOf(page, 'probe_first_attempt_failure_info{fault="target",phase="answer",reason="receive-timeout"}'),
    ).toBe(1);
  });

  test('keeps to the timeout, however often it may try', async () => {
    const { target } = await serverOf(null);
    const page = await probed(roomFor('{times: 2, after: 20ms}', '600ms'), 'm', target);
    expect(valueOf(page, 'probe_success')).toBe(0);
    expect(valueOf(page, 'probe_attempts_duration_seconds')).toBeGreaterThan(0.5);
    expect(valueOf(page, 'probe_attempts')).toBeGreaterThan(1);
    expect(valueOf(page, 'probe_attempts')).toBeLessThan(4);
  });

  test('repeats nothing that is our own mistake or rule', async () => {
    const page = await probed(roomFor('{after: 1ms}', '5s', { allows: () => 'denied' }), 'm', '127.0.0.1:1');
    expect(failureIn(page)).toBe('connect not-allowed prober');
    expect(valueOf(page, 'probe_attempts')).toBe(1);
  });

  test('ends with whoever asked', async () => {
    const { target } = await serverOf('421 busy\n');
    const gone = new AbortController();
    const asking = probed(roomFor('{after: 9s}', '10s', { signal: gone.signal }), 'm', target);
    setTimeout(() => gone.abort(), 50);
    expect(valueOf(await asking, 'probe_attempts')).toBe(1);
  });

  test('looks a name up again', async () => {
    const { target } = await serverOf('220 hi\n');
    let asked = 0;
    const resolve = async () => {
      asked++;
      if (asked === 1) throw new Error('lookup here.example: no such host');
      return ['127.0.0.1'];
    };
    for (const every of [{}, { addresses: 'all' }]) {
      asked = 0;
      const page = await probed(
        roomFor('{after: 1ms}', '5s', { resolve }),
        'm',
        `here.example:${target.split(':')[1]}`,
        every,
      );
      expect(valueOf(page, 'probe_success')).toBe(1);
      expect(
        valueOf(page, 'probe_first_attempt_failure_info{fault="target",phase="resolve",reason="no-address"}'),
      ).toBe(1);
    }
  });

  test('with every address repeats those alone that failed', async () => {
    const first = await serverOf('220 hi\n');
    const port = Number(first.target.split(':')[1]);
    let served = 0;
    const second = createServer((socket) => void socket.end(served++ === 0 ? '421 busy\n' : '220 hi\n'));
    closing.push(() => second.close());
    await listening(second, '127.0.0.2', port);
    const resolve = async () => ['127.0.0.1', '127.0.0.2'];
    const page = await probed(roomFor('{after: 1ms}', '5s', { resolve }), 'm', `two.example:${port}`, {
      addresses: 'all',
    });
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect(first.served()).toBe(1);
    expect(valueOf(page, 'probe_address_attempts{address="127.0.0.1"}')).toBe(1);
    expect(valueOf(page, 'probe_address_attempts{address="127.0.0.2"}')).toBe(2);
    expect(valueOf(page, 'probe_attempts')).toBe(2);
    expect(valueOf(page, 'probe_first_attempt_failed')).toBe(1);
  });
});

test('a module that does not ask for it tells nothing of attempts', async () => {
  const { target, served } = await serverOf('421 busy\n');
  const room = roomOf('modules: {m: {prober: tcp, timeout: 5s, tcp: {query_response: [{expect: "^220"}]}}}');
  const page = await probed(room, 'm', target);
  expect(served()).toBe(1);
  expect(page).not.toContain('attempt');
});
