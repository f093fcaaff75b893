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
  {
    summary: 'a stage has what the one has that it is made from',
    text: 'FROM --platform=$BUILDPLATFORM a AS Base\nENV A=1\nWORKDIR /srv\nFROM base\nWORKDIR app\nCMD ["x"]',
    want: { argv: ['x'], environment: { A: '1' }, workingDirectory: '/srv/app' },
  },
  {
    summary: 'what is copied, from where to where',
    text: 'FROM a AS b\nWORKDIR /w\nFROM c\nCOPY x /y\nWORKDIR /srv\nCOPY --chown=1:1 ["d e", "f", "./"]\nCOPY --from=b /w/o o\nCOPY --from=other/image /o /p\nADD https://x/y /z\nCMD x',
    want: {
      copies: [
        { sources: ['x'], target: '/y' },
        { sources: ['d e', 'f'], target: '/srv/' },
        { sources: ['/w/o'], target: '/srv/o', from: { workingDirectory: '/w' } },
        { sources: ['/o'], target: '/p', from: {} },
      ],
    },
  },
  { summary: 'none of it', text: 'nothing here', want: { environment: {}, ports: [], packages: [] } },
])('$summary', ({ text, want }) => expect(dockerfileOf(text)).toMatchObject(want));
