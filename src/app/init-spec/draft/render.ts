import { stringify } from 'yaml';
import { checkSource } from '../../../formats/text/schema-check.ts';
import { parseYamlSource } from '../../../formats/text/yaml-source.ts';
import { type ExtraFile, imageSpec } from '../../../model/spec.ts';
import type { Draft } from './draft.ts';

/** A draft as the text of an image.yaml, with a comment where the reader has to decide. */
export function renderDraft(draft: Draft): string {
  const { from, ports, run, files = [], include = [] } = draft;
  const text = [
    '# Drafted by kiln init; read it through. docs/specs.md explains every key.',
    ...draft.notes.map((it) => `# - ${it}`),
    ...block({ name: draft.name, description: draft.description }),
    '',
    ...block({
      application: {
        ...(draft.packages.length > 0 ? { packages: draft.packages } : {}),
        ...(from ? { from } : {}),
        run: withoutEmpty(run),
        ...(ports.length > 0 ? { ports } : {}),
        ...(files.length > 0 ? { files: files.map(fileOf) } : {}),
      },
    }),
    ...(include.length > 0 ? ['', ...block({ resolution: { include } })] : []),
    ...(draft.init ? ['', ...block({ boot: { init: draft.init } })] : []),
    '',
    '# Asked of a booted instance before anybody gets the image.',
    ...block({ tests: [testOf(draft)] }),
    '',
    '# Who may launch it; nobody, as long as no account or unit is named.',
    '# distribute:',
    '#   organizationalUnits: [production]',
    '',
  ].join('\n');
  requireValid(text);
  return text;
}

function fileOf({ path, content, source, mode }: ExtraFile): object {
  return { path, ...(source === undefined ? { content } : { source }), mode };
}

function withoutEmpty(run: Draft['run']): object {
  const entries = Object.entries(run) as [string, unknown][];
  return Object.fromEntries(
    entries.filter(([, value]) => typeof value !== 'object' || value === null || Object.keys(value).length > 0),
  );
}

// Where nothing is known to answer from outside, what Kiln's own runtime says on the console is asked for.
function testOf({ timeout, ...draft }: Draft): object {
  return { ...askOf(draft), ...(timeout === undefined ? {} : { timeout }) };
}

function askOf({ name, run, ports: [port], http, path = '/', local, datagram }: Draft): object {
  const service = 'unit' in run ? run.unit.replace(/\.service$/, '') : name;
  const said = `kiln: ${service.replace(/[\\.+*?()[\]{}|^$]/g, '\\$&')}`;
  if (port === undefined || local === true) return { console: { line: `${said} runs` } };
  if (datagram === true) return { console: { line: `${said} listens on (?!127\\.|::1:)\\S*:${port} ` } };
  return http ? { http: { port, path, status: 200 } } : { tcp: { port } };
}

function block(value: object): string[] {
  return stringify(value, { lineWidth: 120, flowCollectionPadding: true }).trimEnd().split('\n');
}

// A draft that Kiln itself would refuse helps nobody.
function requireValid(text: string): void {
  const parsed = parseYamlSource(Buffer.from(text));
  const result = 'issues' in parsed ? parsed : checkSource(imageSpec, parsed.source);
  if ('issues' in result) throw new Error(`internal: the draft is wrong: ${JSON.stringify(result.issues)}`);
}
