/** What passes on connections, for whoever asks to watch: frames, layers, keys and states (secrets as opaque keys). */
import type { Bytes, FlightTraceEvent, Trace, TraceSource } from '@waxwing/protocol';
import { type ChannelTraceEvent, REJECT } from '@waxwing/protocol/channel';

/** The one outward answer to any failure has left (§3). */
export interface RejectTrace {
  readonly kind: 'reject';
  readonly frame: Bytes;
}

export type TraceEvent = ChannelTraceEvent | FlightTraceEvent | RejectTrace;

/** One event of one connection of an endpoint, which counts them from 1. */
export interface ConnectionTrace {
  readonly connection: number;
  /** Where the other end is: an address, or `host:port` as dialled. */
  readonly remote: string;
  readonly event: TraceEvent;
}

/** Who watches now, or nobody. Asked anew for each step: watching can begin and end at any time. */
export type Watch = () => ((trace: ConnectionTrace) => void) | undefined;

/** The source of one connection's trace. */
export function traceConnection(
  watch: Watch | undefined,
  where: { readonly connection: number; readonly remote: string },
): TraceSource<TraceEvent> | undefined {
  if (watch === undefined) return undefined;
  return (): Trace<TraceEvent> | undefined => {
    const tell = watch();
    return (
      tell && {
        stopwatch: () => performance.now(),
        tell: (event) => {
          try {
            tell({ ...where, event });
          } catch {
            // Whoever watches must change nothing, not even by a fault of his own.
          }
        },
      }
    );
  };
}

export function traceReject(trace: TraceSource<TraceEvent> | undefined): void {
  trace?.()?.tell({ kind: 'reject', frame: REJECT });
}
