// Loaded into a server before all else: at SIGUSR2 the process's clock jumps, by up to an hour to either side, as an administrator or NTP would make it.
const now = Date.now;
let offset = 0;
process.on("SIGUSR2", () => (offset = Math.round((Math.random() - 0.5) * 7_200_000)));
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [now() + offset] : given));
  }
  static now() {
    return now() + offset;
  }
};
