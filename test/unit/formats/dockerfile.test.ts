import { expect, test } from 'vitest';
import { dockerfileOf } from '../../../src/formats/text/dockerfile.ts';

test.each([
  {
    summary: 'the last stage counts, with arguments of the build by their defaults',
    text: 'ARG PORT=80\nFROM a\nEXPOSE 1\nCMD x\nFROM b\nENV A=1 B="two words"\nENV C see\nEXPOSE ${PORT} 53/udp\nCMD ["run", "it"]\n',
    want: { argv: ['run', 'it'], environment: { A: '1', B: 'two words', C: 'see' }, ports: [80] },
  },
  {
    summary: 'an entry point with its arguments',
    text: 'FROM a\nWORKDIR /srv/\nUSER app:app\nENTRYPOINT ["/srv/run"]\nCMD ["--all"]\n',
    want: { argv: ['/srv/run', '--all'], workingDirectory: '/srv', user: 'app' },
  },
  {
    summary: 'a command for a shell',
    text: 'FROM a\nCMD run --all \\\n  --now\n',
    want: { text: 'run --all    --now' },
  },
  {
    summary: 'an entry point for a shell stands above a command',
    text: 'FROM a\nENTRYPOINT go\nCMD ["x"]',
    want: { text: 'go' },
  },
  {
    summary: 'packages of any RUN, without options and what follows',
    text: 'FROM a\n# RUN apt install no\nRUN apt-get -y install --no-install-recommends a-b c++ && apt-get clean\nRUN apt install dd',
    want: { packages: ['a-b', 'c++', 'dd'] },
  },
  { summary: 'none of it', text: 'nothing here', want: { environment: {}, ports: [], packages: [] } },
])('$summary', ({ text, want }) => expect(dockerfileOf(text)).toMatchObject(want));
