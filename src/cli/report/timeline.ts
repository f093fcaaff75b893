import type { StepSummary } from '../../app/steps/summary.ts';
import { formatDuration } from '../style.ts';
import { type Html, html } from './html.ts';

const WIDTH = 960;
const ROW = 24;
const LABELS = 110;
const DURATIONS = 80;

/** Steps as bars on one axis of time, as SVG. */
export function drawTimeline(steps: readonly StepSummary[]): Html {
  const starts = steps.map((it) => Date.parse(it.startedAt));
  const from = Math.min(...starts);
  const until = Math.max(...steps.map((it, index) => starts[index]! + it.milliseconds));
  const scale = (WIDTH - LABELS - DURATIONS) / Math.max(1, until - from);
  const bars = steps.map((step, row) => draw(step, row, { from, scale }));
  return html`<svg class="timeline" viewBox="0 0 ${WIDTH} ${steps.length * ROW}" role="img" aria-label="steps over time">${bars}</svg>`;
}

function draw(step: StepSummary, row: number, { from, scale }: { from: number; scale: number }): Html {
  const x = LABELS + (Date.parse(step.startedAt) - from) * scale;
  const y = row * ROW;
  const width = Math.max(2, step.milliseconds * scale);
  const { outcome } = step;
  return html`<text x="0" y="${y + 16}">${step.step}</text>
<rect class="${outcome}" x="${x.toFixed(1)}" y="${y + 4}" width="${width.toFixed(1)}" height="${ROW - 8}"><title>${outcome}</title></rect>
<text class="dim" x="${(x + width + 6).toFixed(1)}" y="${y + 16}">${formatDuration(step.milliseconds)}</text>
`;
}
