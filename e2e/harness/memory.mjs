/**
 * How much memory a process and its children take while they work (Linux: proc_pid_status(5)).
 *
 * It stays true that what is told is what the kernel counted: the process's own high-water mark, set back at the start;
 * of children, who come and go, the highest mark that was seen of any of them.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

/** ms between two looks at the children. */
const LOOK_EVERY = 5;

/** The resident high-water mark, bytes; 0 when the process has gone. */
function peak(/** @type {number | string} */ pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmHWM:\s+(\d+) kB/)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function children(/** @type {number} */ pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
    );
  } catch {
    return [];
  }
}

/**
 * Does something and says what it cost in memory, bytes; `atOnce` is the most children there were.
 * @template T
 * @param {number} pid @param {() => Promise<T>} act
 * @returns {Promise<{result: T, own: number, child: number, atOnce: number}>}
 */
export async function watched(pid, act) {
  let child = 0;
  let atOnce = 0;
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const timer = setInterval(() => {
    const now = children(pid);
    atOnce = Math.max(atOnce, now.length);
    child = Math.max(child, ...now.map(peak));
  }, LOOK_EVERY);
  try {
    const result = await act();
    return { result, own: peak(pid), child, atOnce };
  } finally {
    clearInterval(timer);
  }
}
