/** Chooses the screen that fits where the program runs. */
import type { ChatScreen, ScreenOptions } from './chat-screen.ts';

/** Which screen: line mode without a terminal on both ends, with `--plain`, and on `TERM=dumb`. */
export declare function screenKind(options: ScreenOptions): 'line' | 'terminal';
/** Opens it. A terminal is in raw mode from here until `close` (or the end of the process, however it ends). */
export declare function openScreen(options?: ScreenOptions): ChatScreen;
