/** ELF files as the dynamic loader reads them (System V gABI, chapters 4 and 5; GNU extensions for versions and hashes). */

/** A symbol that a file asks for or defines. */
export interface ElfImport {
  readonly name: string;
  /** A weak import may stay undefined. */
  readonly weak: boolean;
  /** Version asked for, such as `GLIBC_2.34`. */
  readonly version?: string;
}

/** What an ELF file says to the dynamic loader. */
export interface ElfFacts {
  readonly bits: 32 | 64;
  /** `e_machine`: 62 is x86-64, 183 AArch64, 3 i386. */
  readonly machine: number;
  readonly type: 'relocatable' | 'executable' | 'shared' | 'core' | 'other';
  /** PT_INTERP: the program that starts this one. */
  readonly interpreter?: string;
  readonly needed: readonly string[];
  readonly soname?: string;
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
  readonly imports: readonly ElfImport[];
  /** Defined dynamic symbols; the version is that of the definition. */
  readonly exports: readonly ElfImport[];
  /** Versions that each needed library must define. */
  readonly versionNeeds: readonly { readonly library: string; readonly version: string; readonly weak: boolean }[];
  readonly versionDefinitions: readonly string[];
  readonly hasDynamic: boolean;
  /** Bit 1 of PT_GNU_STACK; undefined where the header is absent. */
  readonly executableStack?: boolean;
  readonly relro: boolean;
  readonly bindNow: boolean;
  readonly pie: boolean;
  readonly textRelocations: boolean;
}
