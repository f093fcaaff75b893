import type { ParentBakeRequest } from '../../../ports/parent-baker.ts';
import * as scripts from './component-scripts.ts';

/** Where the bucket has what the component needs, and where it takes what it makes. */
export interface ComponentPlaces {
  /** URI of the folder of packages, each `SHA256.deb`. */
  readonly packages: string;
  /** URI of the overlay's tar; undefined: there is none. */
  readonly overlay?: string;
  /** URI that the tar of the root tree goes to. */
  readonly tree: string;
}

interface Step {
  readonly name: string;
  readonly action: 'ExecuteBash' | 'S3Download' | 'S3Upload';
  readonly onFailure: 'Abort';
  readonly inputs: unknown;
}

/** A component of EC2 Image Builder (component document, schema 1.0): pure data, the same for the same request. */
export interface ComponentDocument {
  readonly name: string;
  readonly description: string;
  readonly schemaVersion: 1;
  readonly phases: readonly { readonly name: 'build' | 'validate' | 'test'; readonly steps: readonly Step[] }[];
}

/**
 * What Image Builder does to its parent: installs the packages at their locked versions without any index, lays the files over it,
 * removes every package outside them and outside what boots the parent, cleans up, and hands out the root tree for examination.
 */
export function componentDocument(request: ParentBakeRequest, places: ComponentPlaces): ComponentDocument {
  const { packages } = request;
  const download = packages.map((it) => ({
    source: `${places.packages}/${it.sha256}.deb`,
    destination: `${scripts.FOLDER}/${it.sha256}.deb`,
  }));
  const overlay = places.overlay ? [{ source: places.overlay, destination: `${scripts.FOLDER}/overlay.tar` }] : [];
  const build = [
    step('FetchPackages', 'S3Download', [...download, ...overlay]),
    bash('InstallPackages', scripts.install(packages)),
    ...(places.overlay ? [bash('LayFiles', scripts.layFiles(request.owners))] : []),
    bash(
      'RemoveOthers',
      scripts.removeOthers(
        packages.map((it) => it.name),
        request.keep,
      ),
    ),
    bash('EnableUnit', scripts.enable(request.unit)),
    bash('CleanUp', scripts.cleanUp(request)),
    bash('PackTree', scripts.packTree),
    step('HandOutTree', 'S3Upload', [{ source: scripts.TREE, destination: places.tree }]),
    bash('RemoveTraces', `rm -rf ${scripts.FOLDER}`),
  ];
  return {
    name: `kiln-${request.image}`,
    description: `${request.image}: ${packages.length} packages at their locked versions, and nothing else but what boots`,
    schemaVersion: 1,
    phases: [
      { name: 'build', steps: build },
      { name: 'validate', steps: [bash('ComparePackages', scripts.compare(packages))] },
      { name: 'test', steps: [bash('UnitRuns', scripts.unitRuns(request.unit))] },
    ],
  };
}

const step = (name: string, action: Step['action'], inputs: unknown): Step => ({
  name,
  action,
  onFailure: 'Abort',
  inputs,
});

const bash = (name: string, script: string): Step => step(name, 'ExecuteBash', { commands: [`set -eu\n${script}`] });
