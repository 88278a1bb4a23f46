/** One side of a run in JavaScript, candidate or tests: an interpreter in a WebAssembly memory of its own, with a clock on it. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
} from 'quickjs-emscripten-core';

const PAGE = 65_536;
/** What the interpreter asks for before anything has run, and what a memory of 32 bits can hold. */
const LEAST_PAGES = 256;
const MOST_PAGES = 32_768;
const STACK_BYTES = 128 * 1024;

/** The types of Node that the build sees know nothing of WebAssembly. */
const { Module, Memory } = (
  globalThis as unknown as {
    readonly WebAssembly: {
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => object;
    };
  }
).WebAssembly;

let compiled: object | null = null;

/** The interpreter itself broke: out of its own stack, or trapped. Nothing can be asked of that side any more. */
export class Broken extends Error {}

export class Side {
  readonly context: QuickJSContext;
  /** Why it was stopped, said by us; what the code inside says may be a lie. */
  stopped: 'cpu' | null = null;
  #used = 0;
  readonly #limit: number;

  static async make(memoryBytes: number, cpuMs: number): Promise<Side> {
    compiled ??= new Module(
      readFileSync(createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm')),
    );
    const maximum = Math.min(MOST_PAGES, Math.max(LEAST_PAGES, Math.ceil(memoryBytes / PAGE)));
    const module = await newQuickJSWASMModuleFromVariant(
      newVariant(variant as unknown as QuickJSSyncVariant, {
        wasmModule: compiled,
        wasmMemory: new Memory({ initial: LEAST_PAGES, maximum }),
      }),
    );
    return new Side(module.newContext(), cpuMs);
  }

  private constructor(context: QuickJSContext, cpuMs: number) {
    this.context = context;
    this.#limit = cpuMs;
    context.runtime.setMaxStackSize(STACK_BYTES);
  }

  get cpuMs(): number {
    return this.#used;
  }

  /** Runs `work` on this side's clock; what other sides do meanwhile counts for them. */
  timed<T>(work: () => T): T {
    const started = process.cpuUsage();
    let looks = 0;
    this.context.runtime.setInterruptHandler(() => {
      if (++looks % 8 !== 0) return this.stopped !== null;
      if (this.#used + since(started) > this.#limit) this.stopped = 'cpu';
      return this.stopped !== null;
    });
    try {
      return work();
    } catch (error) {
      const isOurs = !(error instanceof RangeError) && (error as Error)?.constructor?.name !== 'RuntimeError';
      throw isOurs ? error : new Broken((error as Error).message);
    } finally {
      this.#used += since(started);
    }
  }

  /** Calls with texts, gives a text, or the handle of what was thrown. */
  call(callee: QuickJSHandle, ...args: readonly string[]): { text: string } | { thrown: QuickJSHandle } {
    const result = this.timed(() =>
      this.context.callFunction(callee, this.context.undefined, ...args.map((arg) => this.context.newString(arg))),
    );
    if (result.error !== undefined) return { thrown: result.error };
    return { text: this.context.getString(result.value) };
  }

  /** What promises wait for; no more than so much of it. */
  settle(): void {
    this.timed(() => this.context.runtime.executePendingJobs(100_000));
  }
}

function since(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}
