import { fence } from '../async/fence';

const LOOK_INTERVAL_MS = 1000;
/** A file with fewer bytes a second stands still: not even a small one comes in time. */
const MIN_BYTES_PER_LOOK = 1024;
/** 10 s: no file keeps others waiting for longer, however steadily it comes. */
const MAX_LOOKS = 10;
/** Beyond one of these bounds a slow file is given up. */
const MAX_SLOW_FILES = 100;
const MAX_SLOW_BYTES = 256 * 1024 * 1024;

/** Progress of one file that is being fetched. */
export interface FileProgress {
  /** bytes have arrived, and are held */
  add(bytes: number): void;
  /** the file is fetched from its beginning again */
  restart(): void;
  end(): void;
}

interface SlowFile {
  bytes: number;
  giveUp(): void;
}

/** Files that are fetched without a slot, since they take long. Their number is bounded, and so is their memory. */
export class SlowFiles {
  /** the one that has been slow for longest comes first */
  readonly #files = new Set<SlowFile>();

  /**
   * Look at the progress of a file from now on.
   * @param yieldSlot called once, when the file takes long
   * @param giveUp called when too many other files are slow as well
   */
  watch(yieldSlot: () => void, giveUp: () => void): FileProgress {
    const file = { bytes: 0, giveUp };
    let [arrived, looks] = [0, 0];
    const look = () => {
      looks++;
      const isSlow = arrived < MIN_BYTES_PER_LOOK || looks >= MAX_LOOKS;
      arrived = 0;
      if (!isSlow) return;
      clearInterval(timer);
      this.#files.add(file);
      this.#keepBounds();
      yieldSlot();
    };
    const timer = setInterval(fence(look), LOOK_INTERVAL_MS);
    return {
      add: (bytes) => {
        arrived += bytes;
        file.bytes += bytes;
        if (this.#files.has(file)) this.#keepBounds();
      },
      restart: () => {
        file.bytes = 0;
      },
      end: () => {
        clearInterval(timer);
        this.#files.delete(file);
      },
    };
  }

  #keepBounds(): void {
    const [first] = this.#files;
    if (first && this.#files.size > MAX_SLOW_FILES) this.#giveUp(first);
    let [bytes, largest] = [0, first];
    for (const file of this.#files) {
      bytes += file.bytes;
      if (largest === undefined || file.bytes > largest.bytes) largest = file;
    }
    if (largest && bytes > MAX_SLOW_BYTES) this.#giveUp(largest);
  }

  #giveUp(file: SlowFile): void {
    this.#files.delete(file);
    file.giveUp();
  }
}
