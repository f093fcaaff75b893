import { expect, test } from 'vitest';
import { ownersIn, reduceContents } from '../../../src/formats/debian/contents.ts';

const CONTENTS = `bin/busybox                                     utils/busybox,shells/busybox-static
etc/hosts.conf                                  net/base
lib/x86_64-linux-gnu/libc.so.6                  libs/libc6
usr/bin/two words                               misc/odd
usr/include/curl/curl.h                         libdevel/libcurl4-dev
usr/lib/python3/dist-packages/flask/__init__.py python/python3-flask
usr/lib/ruby/vendor_ruby/rack/handler.rb        ruby/ruby-rack
usr/lib/systemd/system/app.service              non-free/net/app
usr/share/doc/app/copyright                     net/app
usr/share/nodejs/express/package.json           javascript/node-express
usr/share/nodejs/express/lib/router/index.js    javascript/node-express
usr/share/perl5/Mojo/Base.pm                    perl/libmojolicious-perl
usr/share/perl5/Mojo/resources/server.key       perl/libmojolicious-perl
`;

const WANT = `usr/bin/busybox busybox,busybox-static
usr/lib/x86_64-linux-gnu/libc.so.6 libc6
usr/bin/two words odd
usr/lib/python3/dist-packages/flask/__init__.py python3-flask
usr/lib/ruby/vendor_ruby/rack/handler.rb ruby-rack
usr/lib/systemd/system/app.service app
usr/share/nodejs/express/package.json node-express
usr/share/perl5/Mojo/Base.pm libmojolicious-perl
`;

test.each([1, 7, 64, 10_000])('what others may name is kept, in pieces of %d characters', (size) => {
  const reduce = reduceContents();
  let kept = '';
  for (let at = 0; at < CONTENTS.length; at += size) kept += reduce(CONTENTS.slice(at, at + size));
  expect(kept + reduce('\n')).toBe(WANT);
});

test('a last line without its end is kept, too', () => {
  const reduce = reduceContents();
  expect(reduce('usr/bin/app utils/app') + reduce('\n')).toBe('usr/bin/app app\n');
});

test('owners are told by path, of all lines that have it', () => {
  const paths = new Set(['/usr/bin/busybox', '/usr/bin/nothing', '/usr/bin/two words']);
  expect(ownersIn(`${WANT}usr/bin/busybox other\n`, paths)).toEqual(
    new Map([
      ['/usr/bin/busybox', ['busybox', 'busybox-static', 'other']],
      ['/usr/bin/two words', ['odd']],
    ]),
  );
});
