import { commandArguments } from './command-arguments.ts';
import { configurationFiles, configuredPrograms } from './configured-programs.ts';
import { elfExecutables } from './elf-executables.ts';
import { elfInterpreter } from './elf-interpreter.ts';
import { elfLibraries } from './elf-libraries.ts';
import { elfOwnPrograms } from './elf-own-programs.ts';
import { elfPlugins } from './elf-plugins.ts';
import { elfShell, elfShellTexts } from './elf-shell.ts';
import { interpreterLibrary } from './interpreter-library.ts';
import { nameServices } from './name-services.ts';
import { nodeModules } from './node-modules.ts';
import { pamModules, pamServices } from './pam-modules.ts';
import { perlModules } from './perl-modules.ts';
import { programFolders } from './program-folders.ts';
import { pythonApplications, pythonModules, pythonStart } from './python-modules.ts';
import { rubyModules } from './ruby-modules.ts';
import type { Rule } from './rule.ts';
import { scriptInterpreter } from './script-interpreter.ts';
import { shellCommands } from './shell-commands.ts';
import { unitCommands } from './unit-commands.ts';
import { systemManager, unitDependencies } from './unit-dependencies.ts';
import { unitInstances } from './unit-instances.ts';

/** Every rule of evidence, in the order in which a file is asked. */
export const rules: readonly Rule[] = [
  elfInterpreter,
  elfLibraries,
  elfShell,
  elfShellTexts,
  elfExecutables,
  elfOwnPrograms,
  elfPlugins,
  scriptInterpreter,
  interpreterLibrary,
  shellCommands,
  perlModules,
  pythonModules,
  pythonApplications,
  pythonStart,
  nodeModules,
  rubyModules,
  programFolders,
  commandArguments,
  unitCommands,
  unitInstances,
  unitDependencies,
  systemManager,
  pamServices,
  pamModules,
  nameServices,
  configurationFiles,
  configuredPrograms,
];
