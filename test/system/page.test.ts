// The HTML report in a real browser: hostile text stays text, nothing is fetched, and a phone shows it without scrolling sideways.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probesPage } from '../../src/report/probes-page.ts';
import { statusPage } from '../../src/report/status-page.ts';
import { dumpDom } from './rig/browser.ts';
import { type Counter, countConnections } from './rig/counters.ts';
import { type Hostile, hostileMarkup, startHostile } from './rig/hostile.ts';
import { type Page, servePages } from './rig/pages.ts';
import { createPki } from './rig/pki.ts';
import { probe } from './rig/probe.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';
import { at } from './rig/web.ts';

/** A phone's width in CSS pixels. */
const PHONE_WIDTH = 390;

describe.skipIf(!requireTools(['chromium', 'openssl']))('the page', () => {
  let rig: Rig;
  let images: Counter;
  let hostile: Hostile;
  const imageUrl = (): string => `http://${at(images)}/owned.png`;
  beforeAll(async () => {
    rig = await openRig();
    images = await countConnections(rig, '127.0.60.210');
    hostile = await startHostile(rig, await createPki(rig), '127.0.60.211', imageUrl());
  });
  afterAll(() => rig.close());

  /** The report of a journey as a document. */
  async function report(args: readonly string[]): Promise<string> {
    const ran = await probe([...args, '--format', 'html', '--verbose', '--fail-on', 'never']);
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
    return ran.stdout;
  }

  it('runs no script of a hostile service and fetches nothing, where a careless page does both', async () => {
    const careless = await rig.write('careless.html', `<title>fine</title><p>${hostileMarkup(imageUrl())}`);
    expect(titleOf(await dumpDom(rig, `file://${careless}`))).toBe('owned');
    const fetched = images.count();
    expect(fetched).toBeGreaterThan(0);

    const html = await report(hostile.args);
    const file = await rig.write('journey.html', html);
    const seen = await dumpDom(rig, `file://${file}`);
    expect(titleOf(seen)).toBe(titleOf(html));
    expect(titleOf(seen)).not.toBe('owned');
    expect(images.count()).toBe(fetched);
    // The text is there to be read, so that what did nothing was shown and not left out.
    expect(seen).toContain('&lt;script&gt;');
    expect(seen).toContain('</html>');
  });

  it.each([
    ['the demo', (): readonly string[] => ['demo', 'kms.example']],
    ['a hostile service', (): readonly string[] => hostile.args],
  ])('fits a phone: %s', async (_name, args) => {
    const page = await widths(await report(args()));
    expect(page.content).toBeGreaterThan(0);
    expect(page.content).toBeLessThanOrEqual(page.room);
  });

  it('fits a phone: the status of an agent, with names that have no end and markup in them', async () => {
    const name = `${'w'.repeat(190)}.example`;
    const what = hostileMarkup(imageUrl());
    const html = statusPage({
      ...{ nowMs: 0, search: what, targets: 1, found: 1, counts: { ok: 0, warning: 0, critical: 1, unknown: 0 } },
      rows: [
        {
          ...{
            name,
            module: what,
            labels: [`team=${what}`],
            url: `https://${name}/`,
            intervalMs: 60_000,
            verdict: 'critical',
            what,
          },
          latest: { startedAt: '2026-11-21T00:00:00Z', link: 'journeys/1' },
          ...{ slowestMs: 20, history: Array.from({ length: 60 }, () => ({ verdict: 'critical', slowestMs: null })) },
          zones: [{ zone: name, endpoints: 3, severity: 'critical' }],
          failures: [{ startedAt: '2026-11-21T00:00:00Z', verdict: 'critical', what, link: 'journeys/1' }],
          ...{ runs: 60, missed: 1 },
        },
      ],
      asked: [{ target: `https://${name}/`, by: what, atMs: 0, verdict: null, state: 'waits', link: 'journeys/2' }],
    });
    const fetched = images.count();
    const page = await widths(html);
    expect(page.content).toBeGreaterThan(0);
    expect(page.content).toBeLessThanOrEqual(page.room);
    expect(titleOf(await dumpDom(rig, `file://${await rig.write('status.html', html)}`))).toBe('1 critical: 1 target');
    expect(images.count()).toBe(fetched);
  });

  it('fits a phone: the recent probes, with modules and targets that have no end and markup in them', async () => {
    const long = `${'w'.repeat(500)}.example`;
    const row = { module: long, target: hostileMarkup(imageUrl()), success: false, endedAtMs: 0 };
    const html = probesPage({
      rows: [
        { ...row, id: 1 },
        { ...row, id: 0, module: hostileMarkup(imageUrl()), target: long },
      ],
      modules: [long, hostileMarkup(imageUrl())],
    });
    const fetched = images.count();
    const page = await widths(html);
    expect(page.content).toBeGreaterThan(0);
    expect(page.content).toBeLessThanOrEqual(page.room);
    const seen = await dumpDom(rig, `file://${await rig.write('probes.html', html)}`);
    expect(titleOf(seen)).toBe('Recent probes: 2 of 2 failed');
    expect(images.count()).toBe(fetched);
  });

  it('would see a page that does not fit a phone', async () => {
    const page = await widths(`<!doctype html><title>wide</title><pre>${'w'.repeat(200)}</pre>`);
    expect(page.content).toBeGreaterThan(page.room);
  });

  /** Widths in CSS pixels of the document and of what a phone shows of it, measured by a page around it. */
  async function widths(html: string): Promise<{ readonly content: number; readonly room: number }> {
    const frame: Page = { type: 'text/html; charset=utf-8', text: FRAME };
    const inner: Page = { type: 'text/html; charset=utf-8', text: html };
    const server = await servePages(rig, '127.0.60.212', { '/frame': frame, '/report': inner });
    const measured = /content (\d+) room (\d+)/.exec(titleOf(await dumpDom(rig, `http://${server}/frame`)));
    if (measured === null) throw new Error('the page was not measured');
    return { content: Number(measured[1]), room: Number(measured[2]) };
  }
});

const FRAME = `<!doctype html><title>not measured</title>
<iframe src="/report" width="${PHONE_WIDTH}" height="800" style="border: 0" onload="
  const { scrollWidth, clientWidth } = this.contentDocument.documentElement;
  document.title = 'content ' + scrollWidth + ' room ' + clientWidth;
"></iframe>`;

function titleOf(html: string): string {
  return /<title>([^<]*)<\/title>/.exec(html)?.[1] ?? '';
}
