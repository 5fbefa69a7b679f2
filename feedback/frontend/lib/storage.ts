/** A small store that survives a reload where the browser allows it, and says so where it does not. */

export interface Store {
  /** False when what is written here dies with the page. */
  readonly durable: boolean;
  get(key: string): string | null;
  /** Tell whether the value is kept for good. */
  set(key: string, value: string): boolean;
  remove(key: string): void;
  keys(prefix: string): string[];
}

/** Keep values in `local` (localStorage) when it works, in memory when it is missing, full or forbidden. */
export function openStore(local: Storage | null): Store {
  const memory = new Map<string, string>();
  const disk = works(local) ? local : null;
  let durable = disk !== null;
  return {
    get durable() {
      return durable;
    },
    get: (key) => memory.get(key) ?? disk?.getItem(key) ?? null,
    set(key, value) {
      try {
        if (disk === null) throw new Error("no storage");
        disk.setItem(key, value);
        memory.delete(key);
        return true;
      } catch {
        memory.set(key, value);
        durable = false;
        return false;
      }
    },
    remove(key) {
      memory.delete(key);
      disk?.removeItem(key);
    },
    keys(prefix) {
      const found = new Set([...memory.keys()]);
      for (let i = 0; disk !== null && i < disk.length; i += 1) found.add(disk.key(i) ?? "");
      return [...found].filter((key) => key.startsWith(prefix)).sort();
    },
  };
}

/** Return this browser's localStorage; reading the name alone may throw where cookies are blocked. */
export function localStorageOrNull(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function works(local: Storage | null): local is Storage {
  try {
    local?.setItem("feedback.probe", "1");
    local?.removeItem("feedback.probe");
    return local !== null;
  } catch {
    return false;
  }
}
