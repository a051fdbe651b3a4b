/** How often things may be done (§12): in memory alone, so that nobody's doings are on the disk. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** `points` in any `seconds`; a burst may take all of them at once. */
export interface Allowance {
  readonly points: number;
  readonly seconds: number;
}

export class Rate {
  readonly #limiter: RateLimiterMemory;

  constructor({ points, seconds }: Allowance) {
    this.#limiter = new RateLimiterMemory({ points, duration: seconds });
  }

  /** 0 where `points` were taken, or the ms after which there will be some. */
  async take(key: string, points = 1): Promise<number> {
    try {
      await this.#limiter.consume(key, points);
      return 0;
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      return Math.max(1, Math.ceil(refused.msBeforeNext));
    }
  }

  /** Of what was taken and not used. */
  async giveBack(key: string, points = 1): Promise<void> {
    await this.#limiter.reward(key, points);
  }

  /** Gives the whole allowance back. */
  async clear(key: string): Promise<void> {
    await this.#limiter.delete(key);
  }
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What an operator may set; the figures of §12 unless he does. */
export interface RateSettings {
  /** Envelopes an account may put: on average a second, and at once. */
  readonly putsPerSecond: number;
  readonly putBurst: number;
  readonly bytesPerSecond: number;
  readonly byteBurst: number;
  /** Envelopes an hour into one mailbox that does not write back. */
  readonly unansweredPerHour: number;
  /** New members an hour from one address. */
  readonly joinsPerHour: number;
}

/** Every rate of a relay. Keys: the account's or the address's. */
export class Rates {
  readonly puts: Rate;
  readonly bytes: Rate;
  /** Keys: from mailbox, to mailbox. Cleared when the other side writes back. */
  readonly unanswered: Rate;
  readonly joins: Rate;
  readonly resolves = new Rate({ points: 60, seconds: MINUTE });
  readonly fetches = new Rate({ points: 60, seconds: MINUTE });
  /** Entries an account may take in a day, and of one device. */
  readonly entries = new Rate({ points: 200, seconds: DAY });
  readonly entriesOfDevice = new Rate({ points: 3, seconds: DAY });
  readonly signals = new Rate({ points: 5, seconds: 1 });
  /** Ids that are kept as unopenable. */
  readonly notices = new Rate({ points: 20_000, seconds: DAY });
  readonly uploads = new Rate({ points: 24, seconds: DAY });
  /** Keys: the channel's. Whoever asks more than this is no client of ours. */
  readonly requests = new Rate({ points: 10_000, seconds: 10 });

  constructor(settings: RateSettings) {
    const { putBurst, byteBurst } = settings;
    this.puts = new Rate({ points: putBurst, seconds: putBurst / settings.putsPerSecond });
    this.bytes = new Rate({ points: byteBurst, seconds: byteBurst / settings.bytesPerSecond });
    this.unanswered = new Rate({ points: settings.unansweredPerHour, seconds: HOUR });
    this.joins = new Rate({ points: settings.joinsPerHour, seconds: HOUR });
  }
}
