/** The part of the driver that is used here: the package's `exports` hide the types it ships. */
declare module 'better-sqlite3-multiple-ciphers' {
  type Value = string | number | bigint | Uint8Array | null;

  export interface DriverStatement<Row> {
    run(...values: Value[]): { changes: number; lastInsertRowid: number | bigint };
    get(...values: Value[]): Row | undefined;
    all(...values: Value[]): Row[];
  }

  export interface DriverTransaction {
    immediate(run: () => unknown): unknown;
  }

  export default class Driver {
    constructor(file: string | Buffer, options?: { timeout?: number; readonly?: boolean });
    readonly inTransaction: boolean;
    prepare<Row>(sql: string): DriverStatement<Row>;
    exec(sql: string): this;
    pragma(source: string, options?: { simple?: boolean }): unknown;
    transaction(run: (inner: () => unknown) => unknown): DriverTransaction;
    serialize(): Buffer;
    close(): this;
  }
}
