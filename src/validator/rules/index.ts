import type { Rule } from '../rule.ts';
import { buildState } from './build-state.ts';
import { conffilesUnchanged } from './conffiles-unchanged.ts';
import { configurationPresent } from './configuration-present.ts';
import { configuredFolders } from './configured-folders.ts';
import { dependenciesMet } from './dependencies-met.ts';
import { elfLibraries } from './elf-libraries.ts';
import { elfSymbolVersions } from './elf-symbol-versions.ts';
import { emptyPasswords } from './empty-passwords.ts';
import { fileCapabilities } from './file-capabilities.ts';
import { identityAbsent } from './identity-absent.ts';
import { lockMatch } from './lock-match.ts';
import { lowPorts } from './low-ports.ts';
import { needsMet } from './needs-met.ts';
import { noKnownVulnerability } from './no-known-vulnerability.ts';
import { nssModules } from './nss-modules.ts';
import { packageSet } from './package-set.ts';
import { pamModules } from './pam-modules.ts';
import { portsFree } from './ports-free.ts';
import { privateKeys } from './private-keys.ts';
import { scriptInterpreters } from './script-interpreters.ts';
import { serviceStarts } from './service-starts.ts';
import { setuidFiles } from './setuid-files.ts';
import { unexplainedPrograms } from './unexplained-programs.ts';
import { unitCommands } from './unit-commands.ts';
import { unitDependencies } from './unit-dependencies.ts';
import { usersAndGroups } from './users-and-groups.ts';
import { worldWritable } from './world-writable.ts';
import { writableFolders } from './writable-folders.ts';

/** Every built-in rule, in the order of RULES.md: that it runs, that it is what was locked, that nothing dangerous is in it. */
export const builtInRules: readonly Rule[] = [
  serviceStarts,
  dependenciesMet,
  elfLibraries,
  elfSymbolVersions,
  scriptInterpreters,
  unitCommands,
  unitDependencies,
  needsMet,
  usersAndGroups,
  writableFolders,
  configurationPresent,
  configuredFolders,
  portsFree,
  lowPorts,
  pamModules,
  nssModules,
  lockMatch,
  packageSet,
  conffilesUnchanged,
  unexplainedPrograms,
  buildState,
  setuidFiles,
  fileCapabilities,
  worldWritable,
  emptyPasswords,
  privateKeys,
  identityAbsent,
  noKnownVulnerability,
];
