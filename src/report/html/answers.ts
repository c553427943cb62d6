// Owns the six answers in the HTML report.
import type { Answer } from '../../model/finding.ts';
import { confidenceNote, shortTitle } from '../answers.ts';
import { type Html, html, nothing } from '../escape/html.ts';

function answerPart(answer: Answer): Html {
  const note = confidenceNote(answer);
  const tag = note === null ? nothing : html` <span class="tag">${note}</span>`;
  return html`<div class="answer"><dt><small>Q${answer.question}</small>${shortTitle(answer)}</dt><dd>${answer.summary}${tag}<br><small class="muted">${answer.title}</small></dd></div>`;
}

export function answersPart(answers: readonly Answer[]): Html {
  if (answers.length === 0) return nothing;
  return html`<section><h2>Answers</h2><dl class="answers">${answers.map(answerPart)}</dl></section>`;
}
