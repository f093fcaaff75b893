import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { rulesDigest } from '../../../src/app/reference/rules-digest.ts';
import { readAdvisories } from '../../../src/formats/advisories/read-advisories.ts';
import { loadPolicies } from '../../../src/validator/load-policies.ts';
import { renderRules } from '../../../src/validator/render-rules.ts';
import { builtInRules } from '../../../src/validator/rules/index.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url));

test('RULES.md is what the rules say (renewed by npm run rules)', () => {
  expect(read('RULES.md').toString()).toBe(renderRules());
});

test('what was found by other rules is told from what these find (renewed by npm run rules)', () => {
  const src = fileURLToPath(new URL('../../../src', import.meta.url));
  expect(JSON.parse(read('src/app/gate/rules-digest.json').toString())).toEqual({ digest: rulesDigest(src) });
});

test('every rule has a file of its name', () => {
  for (const { id } of builtInRules) expect(read(`src/validator/rules/${id}.ts`).toString()).toContain(`id: '${id}'`);
});

test('the example policies load', () => {
  const folder = fileURLToPath(new URL('../../../examples/policies', import.meta.url));
  const names = readdirSync(folder).filter((it) => it.endsWith('.yaml'));
  const { own, warnings } = loadPolicies(names.map((name) => ({ name, bytes: read(`examples/policies/${name}`) })));
  expect(own.size).toBe(names.length);
  expect(warnings).toEqual([]);
});

test('the example’s known vulnerabilities can be read', () => {
  expect(
    readAdvisories('known-vulnerabilities.json', read('examples/policies/known-vulnerabilities.json')).length,
  ).toBeGreaterThan(0);
});

/** Blocks of the document that are indented by four. */
const blocks = read('docs/policies.md')
  .toString()
  .split(/\n(?! {4}|\n)/)
  .flatMap((part) => /^[^\n]*\n\n((?: {4}[^\n]*\n|\n)+)/.exec(`${part}\n`)?.[1] ?? [])
  .map((block) => block.replaceAll(/^ {4}/gm, ''));

test('the first policy that docs/policies.md teaches loads', () => {
  const first = blocks.find((block) => block.includes('name: organisation'))!;
  expect([...loadPolicies([{ name: 'docs', bytes: Buffer.from(first) }]).own]).toEqual(['organisation']);
});

test('the policy about known vulnerabilities that docs/policies.md shows loads', () => {
  const text = blocks.find((block) => block.includes('name: vulnerabilities'))!;
  const { packs } = loadPolicies([{ name: 'docs', bytes: Buffer.from(text), directory: '/policies' }]);
  expect(packs.get('vulnerabilities')).toMatchObject({
    advisories: [{ file: '/policies/advisories/own.json' }, { url: 'https://advisories.example.org/debian.json' }],
  });
});

test('each expression that docs/policies.md shows is one', () => {
  const examples = blocks.find((block) => block.includes('kernel.dmesg_restrict'))!;
  const rules = [...examples.matchAll(/(?:each: .*\n(?:where: .*\n)?)?require: .*/g)].map(([rule], index) => {
    const lines = rule.split('\n').map((line) => `    ${line}`);
    return `  - id: e${index}\n    title: an example\n${lines.join('\n')}`;
  });
  expect(rules.length).toBe(4);
  const text = `name: docs\nrules:\n${rules.join('\n')}\n`;
  expect(loadPolicies([{ name: 'docs', bytes: Buffer.from(text) }]).packs.get('docs')!.rules.length).toBe(4);
});
