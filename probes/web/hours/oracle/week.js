// Reads a JSON array of opening hours and writes, for each, its open intervals in the windows that the arguments name
// ("2026-03-02/2026-03-30"), in minutes since 1970, or the error of the library. TZ must be UTC.
const OpeningHours = require('opening_hours');

const windows = process.argv.slice(2).map((w) => w.split('/').map((d) => new Date(d + 'T00:00:00Z')));
const place = { lat: 48.85, lon: 2.35, address: { country_code: 'fr', country: 'France', state: 'Île-de-France' } };
const minutes = (d) => Math.round(d.getTime() / 60000);

let input = '';
process.stdin.on('data', (chunk) => { input += chunk; });
process.stdin.on('end', () => {
  const out = JSON.parse(input).map((hours) => {
    try {
      const oh = new OpeningHours(hours, place, { locale: 'en' });
      const open = windows.flatMap(([from, to]) => oh.getOpenIntervals(from, to));
      return { open: open.map(([from, to]) => [minutes(from), minutes(to)]) };
    } catch (error) {
      return { error: String(error) };
    }
  });
  process.stdout.write(JSON.stringify(out));
});
