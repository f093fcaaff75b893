import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { withFaults } from '../../src/adapters/aws/aws-fault.ts';
import { s3Universes } from '../../src/adapters/aws/s3-universes.ts';
import { aptPackageSource } from '../../src/adapters/local/apt-package-source.ts';
import { openArchive } from '../../src/app/lock/closure.ts';
import { specOfPackages } from '../../src/app/prove/resolve-spec.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { silent } from '../../src/ports/progress.ts';
import { makeAptRoot, makeArchive, makeKey } from '../support/archive.ts';
import { serveArchive } from '../support/archive-server.ts';
import { onEmulator } from '../support/emulator/emulator.ts';

const BUCKET = 'kiln-universes';

onEmulator('universes in the bucket', () => {
  test('a function that starts anew takes the universe that another one made, and asks the mirror for its Release alone', async () => {
    const s3 = withFaults(new S3Client({}));
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration }));
    const [place, key] = [mkdtempSync(join(tmpdir(), 'kiln-universes-')), await makeKey()];
    const archive = await makeArchive(join(place, 'archive'), { packages: [{ name: 'app' }], key });
    const server = await serveArchive(archive.folder);
    makeAptRoot(join(place, 'root'), [{ uri: server.uri, suites: ['bookworm'], key }]);
    /** As a function of its own sees it. */
    const look = async (cache: string) => {
      server.requests.length = 0;
      const universes = s3Universes({ bucket: BUCKET, client: s3, folder: join(cache, 'universes') });
      const source = aptPackageSource({
        ...{
          cache: join(cache, 'packages'),
          clock: systemClock,
          aptRoot: join(place, 'root'),
          isRead: universes.areAtHand,
        },
      });
      const { universe } = await openArchive(
        { source, progress: silent, folders: { cache } as never },
        specOfPackages(['app']).os,
      );
      await universes.keep();
      return [
        universe.candidate('app')?.version,
        server.requests.filter((it) => !it.path.endsWith('InRelease')).length,
      ];
    };
    try {
      const cold = () => mkdtempSync(join(place, 'cache-'));
      expect(await look(cold())).toEqual(['1.0', 1]);
      const warm = cold();
      expect(await look(warm)).toEqual(['1.0', 0]);
      expect(await look(warm)).toEqual(['1.0', 0]);
      // One that is damaged is nobody's: it is made again.
      const [name = ''] = readdirSync(join(warm, 'universes'));
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `universes/${name}.zst`, Body: 'none' }));
      expect(await look(cold())).toEqual(['1.0', 1]);
    } finally {
      await server.close();
    }
  });
});
