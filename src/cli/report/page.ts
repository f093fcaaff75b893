import type { ImageReport } from '../../app/report/image-report.ts';
import { type Html, html } from './html.ts';
import {
  accessSection,
  changesSection,
  checksSection,
  contentsSection,
  packagesSection,
  removedSection,
  stepsSection,
  testsSection,
  vulnerabilitiesSection,
} from './sections.ts';
import { STYLE } from './stylesheet.ts';
import { tilesOf } from './tiles.ts';

/** A report as one HTML page. It has no scripts and fetches nothing, so it can be kept, mailed and opened anywhere. */
export function renderPage(report: ImageReport): string {
  const { image, version, state, imageId, createdAt } = report.version;
  const title = `${image}@${version}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${{ markup: STYLE }}</style>
</head>
<body>
<header><h1>${title} <span class="state ${state}">${state}</span></h1>
<p class="dim">${imageId}, baked ${createdAt.slice(0, 16).replace('T', ' ')} UTC</p></header>
${tilesOf(report)}
${sectionsOf(report)}
<footer class="dim">${digestsOf(report)}</footer>
</body>
</html>
`;
  return page.markup;
}

function sectionsOf(report: ImageReport): Html[] {
  const sections: readonly (readonly [string, Html | undefined])[] = [
    ['What takes the space', contentsSection(report)],
    ['Left out while baking', removedSection(report)],
    ['Who may have it', accessSection(report)],
    ['Tests of the booted image', testsSection(report)],
    ['Checks of the tree', checksSection(report)],
    ['Known vulnerabilities', vulnerabilitiesSection(report)],
    ['Since the version before', changesSection(report)],
    ['Steps', stepsSection(report)],
    ['Packages, and why each is in', packagesSection(report)],
  ];
  return sections.flatMap(([title, body]) => (body ? [html`<section><h2>${title}</h2>\n${body}</section>\n`] : []));
}

function digestsOf({ version, summary }: ImageReport): Html {
  const { diskDigest, treeDigest, lockDigest } = version;
  return html`build <code>${summary.build.id}</code>, disk <code>${diskDigest}</code>, tree <code>${treeDigest}</code>, lock <code>${lockDigest}</code> (SHA-256)`;
}
