import { describe, expect, test } from 'vitest';
import { renderFault } from '../../../src/cli/faults.ts';
import { KilnError } from '../../../src/model/error.ts';

const systemError = (code: string, path: string) =>
  Object.assign(new Error(`${code}: something went wrong, open '${path}'`), { code, path });

describe('what was thrown becomes a status and lines', () => {
  test.each([
    {
      summary: 'a fault with a hint',
      thrown: new KilnError('SPEC_INVALID', 'image.yaml:1:2: a: unknown key\nimage.yaml:3:4: b: unknown key', {
        hint: 'mend it',
      }),
      status: 65,
      lines: ['kiln: image.yaml:1:2: a: unknown key', '  image.yaml:3:4: b: unknown key', '  hint: mend it'],
    },
    { summary: 'a fault without', thrown: new KilnError('BUSY', 'locked'), status: 75, lines: ['kiln: locked'] },
    {
      summary: 'a full disk',
      thrown: systemError('ENOSPC', '/var/x'),
      status: 75,
      lines: ["kiln: something went wrong, open '/var/x'", '  hint: make room and run it again; what was done is kept'],
    },
    {
      summary: 'no permission',
      thrown: systemError('EACCES', '/var/x'),
      status: 78,
      lines: [
        "kiln: something went wrong, open '/var/x'",
        '  hint: run it as root, or choose another folder with KILN_HOME',
      ],
    },
    {
      summary: 'a broken promise',
      thrown: new Error('internal: no handler'),
      status: 70,
      lines: ['kiln: internal: no handler', '  hint: this is a fault of Kiln; KILN_DEBUG=1 shows where'],
    },
  ])('$summary', ({ thrown, status, lines }) => {
    expect(renderFault(thrown, false, undefined)).toMatchObject({ status, lines });
  });

  test('Ctrl-C is 130, whatever was thrown on the way', () => {
    expect(renderFault(new Error('aborted'), true, undefined)).toMatchObject({ status: 130, lines: ['kiln: stopped'] });
  });

  test('a trace is shown on demand only', () => {
    const thrown = new KilnError('BUSY', 'locked');
    expect(renderFault(thrown, false, '1').lines.join('\n')).toContain('faults.test.ts');
    expect(renderFault(thrown, false, undefined).lines.join('\n')).not.toContain('faults.test.ts');
  });

  test('machines get code, message and hint', () => {
    const { data } = renderFault(new KilnError('NOT_FOUND', 'no image x', { hint: 'y' }), false, undefined);
    expect(data).toEqual({ error: { code: 'NOT_FOUND', message: 'no image x', hint: 'y' } });
  });
});
