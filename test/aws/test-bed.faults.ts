import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { EBSClient } from '@aws-sdk/client-ebs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { withFaults } from '../../src/adapters/aws/aws-fault.ts';
import { ec2ImageRegistry } from '../../src/adapters/aws/ec2-image-registry.ts';
import { ec2TestBed } from '../../src/adapters/aws/ec2-test-bed.ts';
import { openDeployment } from '../../src/adapters/aws/remote-deployment.ts';
import { imageSpec } from '../../src/model/spec.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { testBedContract } from '../contract/test-bed.ts';
import { makeBootable } from '../support/bootable.ts';
import { onDeployedKiln } from '../support/emulator/deployed-kiln.ts';
import { streamFile } from '../support/emulator/registry.ts';

// Among what `npm run test:aws:faults` runs: it deploys, boots and starts containers for minutes.
onDeployedKiln('the deployed test bed', (kiln) => {
  const scratch = mkdtempSync(join(tmpdir(), 'kiln-test-bed-'));

  testBedContract('EC2', async () => {
    const bootable = await makeBootable();
    const ec2 = withFaults(new EC2Client({}));
    const store = { stream: async () => streamFile(bootable.diskPath) };
    const clients = { ec2, ebs: withFaults(new EBSClient({})), ssm: withFaults(new SSMClient({})) };
    const registry = ec2ImageRegistry({ ...clients, store, work: join(scratch, 'work') });
    const request = { image: 'bootable', version: 1, diskDigest: 'a', description: 'boots', tags: {}, key: 'bootable' };
    const { imageId } = await registry.register(request);
    const { variables } = await openDeployment('kiln');
    const setting = (name: string) => variables[name] ?? '';
    const bed = ec2TestBed({
      ec2,
      lambda: withFaults(new LambdaClient({})),
      clock: systemClock,
      subnetId: setting('KILN_TEST_SUBNET'),
      securityGroupId: setting('KILN_TEST_SECURITY_GROUP'),
      instanceType: setting('KILN_TEST_INSTANCE_TYPE'),
      proberFunction: setting('KILN_PROBER'),
      commands: {
        codebuild: withFaults(new CodeBuildClient({})),
        s3: withFaults(new S3Client({})),
        bucket: kiln().outputs.BucketName ?? '',
        makeProject: setting('KILN_MAKE_TESTER'),
        runProject: setting('KILN_RUN_COMMAND'),
      },
      osOf: async () => imageSpec.parse({ name: 'a', application: { packages: ['a1'], run: { command: ['/a'] } } }).os,
    });
    return {
      bed,
      request: { diskDigest: 'a', imageId, ports: [80], key: 'contract', account: 'test' },
      text: 'It boots.',
      async close() {
        bootable.remove();
        rmSync(scratch, { recursive: true, force: true });
      },
    };
  });
});
