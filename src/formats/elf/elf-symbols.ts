import type { ElfFacts, ElfImport } from './elf-facts.ts';
import { DT, offsetOf, type Reader, type Segment } from './elf-layout.ts';

type Symbols = Pick<ElfFacts, 'imports' | 'exports' | 'versionNeeds' | 'versionDefinitions'>;

type Text = (index: number) => string;

/** Dynamic symbols and their versions; throws RangeError where a table leads out of the file. */
export function readSymbols(
  reader: Reader,
  segments: readonly Segment[],
  dynamic: Map<number, number[]>,
  text: Text,
): Symbols {
  const versions = new Map<number, string>();
  const place = (tag: number) => {
    const address = dynamic.get(tag)?.[0];
    return address === undefined ? undefined : offsetOf(address, segments);
  };
  const versionNeeds = readVersionNeeds(
    reader,
    place(DT.verneed),
    dynamic.get(DT.verneednum)?.[0] ?? 0,
    text,
    versions,
  );
  const versionDefinitions = readVersionDefinitions(
    reader, place(DT.verdef), dynamic.get(DT.verdefnum)?.[0] ?? 0, text, versions,
  ); // biome-ignore format: short
  const imports: ElfImport[] = [];
  const exports: ElfImport[] = [];
  const table = place(DT.symtab);
  const versym = place(DT.versym);
  const count = table === undefined ? 0 : symbolCount(reader, place(DT.hash), place(DT.gnuHash));
  for (let index = 1; index < count; index++) {
    const at = table! + index * (reader.wide ? 24 : 16);
    const info = reader.bytes[at + (reader.wide ? 4 : 12)]!;
    const section = reader.u16(at + (reader.wide ? 6 : 14));
    const name = text(reader.u32(at));
    if (name === '' || info >> 4 === 0) continue;
    const version = versym === undefined ? undefined : versions.get(reader.u16(versym + index * 2) & 0x7fff);
    (section === 0 ? imports : exports).push({ name, weak: info >> 4 === 2, ...(version ? { version } : {}) });
  }
  return { imports, exports, versionNeeds, versionDefinitions };
}

function readVersionNeeds(
  reader: Reader,
  start: number | undefined,
  count: number,
  text: Text,
  versions: Map<number, string>,
) {
  const needs: { library: string; version: string; weak: boolean }[] = [];
  let at = start ?? 0;
  for (let left = start === undefined ? 0 : count; left > 0; left--) {
    const library = text(reader.u32(at + 4));
    let aux = at + reader.u32(at + 8);
    for (let more = reader.u16(at + 2); more > 0; more--) {
      const version = text(reader.u32(aux + 8));
      needs.push({ library, version, weak: (reader.u16(aux + 4) & 2) !== 0 });
      versions.set(reader.u16(aux + 6) & 0x7fff, version);
      const next = reader.u32(aux + 12);
      if (next === 0) break;
      aux += next;
    }
    const next = reader.u32(at + 12);
    // The last one says 0, whatever the count is.
    if (next === 0) break;
    at += next;
  }
  return needs;
}

function readVersionDefinitions(
  reader: Reader,
  start: number | undefined,
  count: number,
  text: Text,
  versions: Map<number, string>,
) {
  const definitions: string[] = [];
  let at = start ?? 0;
  for (let left = start === undefined ? 0 : count; left > 0; left--) {
    const version = text(reader.u32(at + reader.u32(at + 12)));
    const base = (reader.u16(at + 2) & 1) !== 0;
    if (!base) {
      definitions.push(version);
      versions.set(reader.u16(at + 4) & 0x7fff, version);
    }
    const next = reader.u32(at + 16);
    if (next === 0) break;
    at += next;
  }
  return definitions;
}

/** How many dynamic symbols there are: only the hash tables tell (a stripped file may lack section headers). */
function symbolCount(reader: Reader, hash: number | undefined, gnuHash: number | undefined): number {
  if (hash !== undefined) return reader.u32(hash + 4);
  if (gnuHash === undefined) return 0;
  const buckets = reader.u32(gnuHash);
  const first = reader.u32(gnuHash + 4);
  const bloom = reader.u32(gnuHash + 8) * (reader.wide ? 8 : 4);
  const start = gnuHash + 16 + bloom;
  let last = 0;
  for (let bucket = 0; bucket < buckets; bucket++) last = Math.max(last, reader.u32(start + bucket * 4));
  if (last < first) return first;
  const chain = start + buckets * 4;
  while ((reader.u32(chain + (last - first) * 4) & 1) === 0) last++;
  return last + 1;
}
