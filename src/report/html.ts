// Owns the HTML report: one file that needs nothing else, no script, no request, safe against what strangers wrote into it.
// Never lets text from outside be markup: every piece passes escape/html.ts.
import type { Reporter } from '../contract/reporter.ts';
import type { Section } from '../contract/section.ts';
import type { Journey } from '../model/journey.ts';
import { toldAnswers } from './answers.ts';
import { documentText, type Html, html, nothing } from './escape/html.ts';
import { headlineOf } from './headline.ts';
import { answersPart } from './html/answers.ts';
import { findingsPart } from './html/findings.ts';
import { headPart } from './html/head.ts';
import { latencyPart, percentilesPart } from './html/latency.ts';
import { sectionPart } from './html/sections.ts';
import { tablePart } from './html/table.ts';
import { formatTime } from './numbers.ts';
import { budgetText, checksText, notJudged, openProbes } from './summary.ts';

function verdictPart(journey: Journey): Html {
  const { word, url, where, tally, scope, incomplete } = headlineOf(journey);
  const cut = incomplete === null ? nothing : html`<p class="incomplete">Incomplete: ${incomplete}.</p>`;
  return html`<header class="verdict ${journey.verdict}"><p class="word">${word}${where === '' ? '' : ` ${where}`}</p><h1>${url}</h1><p class="tally">${tally}</p><p class="muted">${scope}</p>${cut}</header>`;
}

function openPart(journey: Journey): Html {
  const probes = openProbes(journey).map(({ id, says }) => html`<li><strong>${id}</strong> ${says}</li>`);
  const checks = notJudged(journey.checks).map(
    ({ ids, because }) => html`<li>not judged: ${ids.join(', ')} — ${because}</li>`,
  );
  if (probes.length + checks.length === 0) return nothing;
  return html`<section><h2>Not looked at or not judged</h2><ul>${probes}${checks}</ul></section>`;
}

function checksPart({ checks }: Journey): Html {
  const rows = checks.map(({ probe, id, outcome, because }) => [probe, id, outcome, because ?? '']);
  const table = tablePart({
    label: 'Checks',
    titles: ['probe', 'check', 'outcome', 'because'],
    rows,
    isNumber: () => false,
  });
  return html`<details><summary>Checks: ${checksText(checks)}</summary>${table}</details>`;
}

function evidencePart(journey: Journey, sections: readonly Section[]): Html {
  return html`<section><h2>Evidence</h2>${sections.map(sectionPart)}${percentilesPart(journey)}${checksPart(journey)}</section>`;
}

function footerPart({ budget, id, judgedWith, asked }: Journey): Html {
  const by = asked === undefined ? nothing : html`<p>Asked for by ${asked.by} at ${formatTime(asked.at)}.</p>`;
  return html`<footer>${by}<p>Sent ${budgetText(budget)}.</p><p>Journey ${id}, judged as of ${judgedWith.asOf} by version ${judgedWith.version}.</p></footer>`;
}

export const htmlReporter: Reporter = {
  id: 'html',
  mediaType: 'text/html; charset=utf-8',
  render(journey, sections) {
    const { word, url } = headlineOf(journey);
    const main = html`<main>${findingsPart(journey)}${openPart(journey)}${answersPart(toldAnswers(journey))}${latencyPart(journey)}${evidencePart(journey, sections)}</main>`;
    return documentText(
      html`<!doctype html><html lang="en">${headPart(`${word}: ${url}`)}<body>${verdictPart(journey)}${main}${footerPart(journey)}</body></html>`,
    );
  },
};
