import { expect, test } from 'vitest';
import { placesOf } from '../../../../src/app/application/places.ts';

const platform = { triplet: 'x86_64-linux-gnu', python: '3.11', perl: '5.36.0' };

test.each([
  {
    summary: 'a library, in the folders of the loader',
    rule: 'elf-libraries',
    needs: 'libcurl.so.4',
    want: ['/usr/lib/x86_64-linux-gnu/libcurl.so.4', '/usr/lib/libcurl.so.4'],
  },
  { summary: 'a library by path', rule: 'elf-libraries', needs: '/lib/own.so', want: ['/usr/lib/own.so'] },
  {
    summary: 'the interpreter of a program',
    rule: 'elf-interpreter',
    needs: '/lib64/ld-linux-x86-64.so.2',
    want: ['/usr/lib64/ld-linux-x86-64.so.2'],
  },
  {
    summary: 'a command, in the folders of the command path',
    rule: 'script-interpreter',
    needs: 'python3',
    want: ['/usr/local/sbin/python3', '/usr/local/bin/python3', '/usr/sbin/python3', '/usr/bin/python3'],
  },
  {
    summary: 'a unit, where systemd looks',
    rule: 'start',
    needs: 'redis-server.service',
    want: expect.arrayContaining(['/usr/lib/systemd/system/redis-server.service']),
  },
  {
    summary: 'a module of Node, where Debian keeps them',
    rule: 'node-modules',
    needs: '@scope/name/deep',
    want: expect.arrayContaining(['/usr/share/nodejs/@scope/name/package.json']),
  },
  {
    summary: 'a module of perl, its own library first',
    rule: 'perl-modules',
    needs: 'Mojo::Base',
    want: [
      '/usr/lib/x86_64-linux-gnu/perl-base/Mojo/Base.pm',
      '/usr/lib/x86_64-linux-gnu/perl/5.36.0/Mojo/Base.pm',
      '/usr/share/perl/5.36.0/Mojo/Base.pm',
      '/usr/share/perl5/Mojo/Base.pm',
      '/usr/lib/x86_64-linux-gnu/perl5/5.36/Mojo/Base.pm',
    ],
  },
  { summary: 'a library of Ruby', rule: 'ruby-modules', needs: 'rack', want: ['/usr/lib/ruby/vendor_ruby/rack.rb'] },
  { summary: 'a module beside the source: nowhere', rule: 'node-modules', needs: './own.js', want: [] },
  { summary: 'what is no name of a module: nowhere', rule: 'python-modules', needs: 'metadata of app', want: [] },
  { summary: 'a text that is no command: nowhere', rule: 'shell-commands', needs: '$(which thing)', want: [] },
])('$summary', ({ rule, needs, want }) => {
  expect(placesOf({ rule, needs }, platform)).toEqual(want);
});

test('a module of Python: the deepest part first, the standard library before packages', () => {
  const places = placesOf({ rule: 'python-modules', needs: 'yaml.nodes' }, platform);
  expect(places[0]).toBe('/usr/lib/python3.11/yaml/nodes/__init__.py');
  expect(places).toContain('/usr/lib/python3.11/lib-dynload/yaml/nodes.cpython-311-x86_64-linux-gnu.so');
  expect(places.indexOf('/usr/lib/python3/dist-packages/yaml/nodes.py')).toBeLessThan(
    places.indexOf('/usr/lib/python3.11/yaml/__init__.py'),
  );
  expect(places.at(-1)).toBe('/usr/lib/python3/dist-packages/yaml.py');
});
