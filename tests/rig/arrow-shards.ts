/** Parquet shards of trajectories, written by Arrow's Rust writer and not by ours: dictionaries, row groups, page index. */

import { Field, Float64, List, Struct, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import * as parquet from 'parquet-wasm/node';

export interface ShardOptions {
  readonly rowGroup: number;
  /** Bytes of a page; Arrow cuts at its batches of 1,024 rows at the earliest unless told. */
  readonly page?: number;
  readonly batch?: number;
  readonly compression?: 'snappy' | 'zstd' | 'none';
  readonly hasPageIndex?: boolean;
}

export interface ShardRow {
  readonly [column: string]: unknown;
}

const MESSAGES = new List(
  new Field('item', new Struct([new Field('role', new Utf8(), true), new Field('content', new Utf8(), true)]), true),
);

/** `messages` is a list of structs, numbers are doubles, everything else is text. */
export function writeShard(rows: readonly ShardRow[], options: ShardOptions): Uint8Array {
  const names = Object.keys(rows[0] ?? {});
  const columns = Object.fromEntries(
    names.map((name) => {
      const values = rows.map((row) => row[name] ?? null);
      const type =
        name === 'messages' ? MESSAGES : values.some((value) => typeof value === 'number') ? new Float64() : new Utf8();
      return [name, vectorFromArray(values as never[], type as never)];
    }),
  );
  const stream = tableToIPC(new Table(columns as never), 'stream');
  const { compression = 'snappy', hasPageIndex = true } = options;
  const codec = {
    snappy: parquet.Compression.SNAPPY,
    zstd: parquet.Compression.ZSTD,
    none: parquet.Compression.UNCOMPRESSED,
  };
  let builder = new parquet.WriterPropertiesBuilder()
    .setCompression(codec[compression])
    .setMaxRowGroupSize(options.rowGroup)
    // Long texts hardly repeat: writers give dictionaries up for them, though this one only after a megabyte.
    .setDictionaryEnabled(false)
    .setStatisticsEnabled(hasPageIndex ? parquet.EnabledStatistics.Page : parquet.EnabledStatistics.Chunk);
  for (const name of names) if (name !== 'messages') builder = builder.setColumnDictionaryEnabled(name, true);
  if (options.page !== undefined) builder = builder.setDataPageSizeLimit(options.page);
  if (options.batch !== undefined) builder = builder.setWriteBatchSize(options.batch);
  return parquet.writeParquet(parquet.Table.fromIPCStream(stream), builder.build());
}

/** Rows that look like agent trajectories; content is a function of the number, and hardly repeats. */
export function trajectoryRows(count: number, from = 0, turns = 2, words = 40): ShardRow[] {
  return Array.from({ length: count }, (_, at) => {
    const nth = from + at;
    const messages = [{ role: 'user', content: `Please mend issue ${nth}. ${noise(nth, words)}` }];
    for (let turn = 0; turn < turns; turn++) {
      messages.push({
        role: 'assistant',
        content: `THOUGHT: look at part ${turn}.\n\n\`\`\`bash\nls src/${nth}/${turn}\n\`\`\``,
      });
      messages.push({
        role: 'user',
        content: `<returncode>0</returncode>\n<output>\n${noise(nth * 31 + turn, words)}\n</output>`,
      });
    }
    return {
      instance_id: `owner${nth % 7}__repo${nth % 13}-${Math.floor(nth / 4)}`,
      repo: `owner${nth % 7}/repo${nth % 13}`,
      messages,
      trajectory_format: 'mini-swe-agent',
      exit_status: nth % 4 === 0 ? 'Submitted' : 'LimitsExceeded',
      duration_sec: nth / 8,
    };
  });
}

function noise(seed: number, words: number): string {
  let state = (seed * 2654435761 + 12345) >>> 0;
  const all: string[] = [];
  for (let at = 0; at < words; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    all.push((state >>> 4).toString(36));
  }
  return all.join(' ');
}
