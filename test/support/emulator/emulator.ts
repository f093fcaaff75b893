import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Image } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Door, openDoor, type Route } from './door.ts';
import { ebsSnapshots } from './ebs-blocks.ts';
import { type Instances, instances } from './instances.ts';
import { refuseTheInternet } from './internet-guard.ts';
import { isolatedWrites } from './isolated-writes.ts';
import { locateMoto } from './locate-moto.ts';
import { machineImages } from './machine-images.ts';
import { type MotoServer, startMoto } from './moto.ts';
import { terminationProtection } from './termination-protection.ts';

/** A running emulator of AWS: moto behind Kiln's front door. */
export interface Emulator {
  readonly endpoint: string;
  /** Settings that bring every SDK and tool there and nowhere else. */
  readonly environment: Readonly<Record<string, string>>;
  readonly instances: Pick<Instances, 'running'>;
  stop(): Promise<void>;
}

/** Ports of a guest that are reached; on EC2 all are. */
export type PortsOf = (image: Image) => Promise<readonly number[]>;

const WEB: PortsOf = async () => [80];

/** Starts one; its front door asks `further` before its own routes. */
export async function startEmulator(
  command: string,
  further: readonly Route[] = [],
  ports: PortsOf = WEB,
): Promise<Emulator> {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-emulator-'));
  let moto: MotoServer | undefined;
  let endpoint = '';
  const snapshots = ebsSnapshots(join(folder, 'blocks'));
  const machines = instances({ snapshots, folder: join(folder, 'instances'), endpoint: () => endpoint, ports });
  const own = [snapshots.route, machines.route, machineImages(), terminationProtection(), isolatedWrites()];
  const door: Door = await openDoor([...further, ...own], () => moto?.port ?? 0);
  moto = await startMoto(command, door.port);
  endpoint = `http://127.0.0.1:${door.port}`;
  return {
    endpoint,
    environment: environmentFor(endpoint),
    instances: machines,
    async stop() {
      await door.stop();
      await machines.stop();
      await moto?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function environmentFor(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'emulator',
    AWS_SECRET_ACCESS_KEY: 'emulator',
    AWS_SESSION_TOKEN: 'emulator',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '3',
  };
}

/** Per-service endpoints or a profile of the person's own would lead past the emulator. */
function useEnvironment(environment: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_ENDPOINT_URL_')) delete process.env[name];
  delete process.env.AWS_PROFILE;
  Object.assign(process.env, environment);
}

/** A suite on an emulator of its own. Where none can be had it counts as skipped, says so, and with CI=true fails. */
export function onEmulator(
  name: string,
  suite: (emulator: () => Emulator) => void,
  routes: readonly Route[] = [],
  ports: PortsOf = WEB,
): void {
  const moto = locateMoto();
  if ('missing' in moto) {
    console.warn(`SKIPPED: ${name}: ${moto.missing}`);
    describe(name, () => {
      if (process.env.CI === 'true') test('needs the emulator', () => Promise.reject(new Error(moto.missing)));
      else test.skip(`skipped: ${moto.missing}`, () => {});
    });
    return;
  }
  describe(name, () => {
    let running: Emulator | undefined;
    let letGo: (() => void) | undefined;
    beforeAll(async () => {
      letGo = refuseTheInternet();
      running = await startEmulator(moto.command, routes, ports);
      useEnvironment(running.environment);
    });
    afterAll(async () => {
      await running?.stop();
      letGo?.();
    });
    suite(() => {
      if (!running) throw new Error('internal: the emulator does not run');
      return running;
    });
  });
}
