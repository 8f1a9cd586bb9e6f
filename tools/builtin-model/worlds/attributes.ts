import type { Random } from './random.ts';

/** Families of landscapes, in the order of the model card's tables. */
export const families = [
  'mountains',
  'dunes',
  'sea',
  'forest',
  'meadow',
  'canyon',
  'city',
  'arctic',
  'volcano',
  'planet',
  'underwater',
  'lake',
  'island',
  'savanna',
  'fields',
] as const;
export type Family = (typeof families)[number];

export const times = ['dawn', 'day', 'sunset', 'dusk', 'night'] as const;
export type Time = (typeof times)[number];

export const weathers = ['clear', 'cloudy', 'fog', 'rain', 'snow'] as const;
export type Weather = (typeof weathers)[number];

/** `none` in families without seasons. */
export const seasons = ['spring', 'summer', 'autumn', 'winter', 'none'] as const;
export type Season = (typeof seasons)[number];

/** Main object in the sky. */
export const skies = [
  'plain',
  'sun',
  'full moon',
  'half moon',
  'crescent moon',
  'stars',
  'aurora',
  'ringed planet',
] as const;
export type SkyObject = (typeof skies)[number];

export const palettes = ['natural', 'warm', 'cool', 'pastel', 'vivid', 'muted'] as const;
export type Palette = (typeof palettes)[number];

export const styles = ['flat', 'gradient', 'paper', 'print'] as const;
export type Style = (typeof styles)[number];

export const things = [
  'balloon',
  'birds',
  'sailboat',
  'whale',
  'lighthouse',
  'house',
  'windmill',
  'castle',
  'bridge',
  'tent',
  'pines',
  'palms',
  'cacti',
  'rocket',
  'fish',
  'jellyfish',
] as const;
export type Thing = (typeof things)[number];

/** Position of the horizon, shared by the layouts of a scene, so that variants keep its composition. */
export const horizons = ['low', 'middle', 'high'] as const;
export type Horizon = (typeof horizons)[number];

/** Side of the light source. */
export const sides = ['left', 'centre', 'right'] as const;
export type Side = (typeof sides)[number];

/**
 * Attributes of a scene, without its layout. Pictures of the same attributes with different layout seeds are variants
 * of each other.
 */
export interface Attributes {
  readonly family: Family;
  readonly time: Time;
  readonly weather: Weather;
  readonly season: Season;
  readonly sky: SkyObject;
  readonly palette: Palette;
  readonly style: Style;
  readonly things: readonly Thing[];
  readonly horizon: Horizon;
  readonly side: Side;
  /** Index of a colour set of the time of day, below `tones`. */
  readonly tone: number;
}

/** Number of colour sets per time of day. */
export const tones = 3;

/** Families that look different by season. */
const seasonal: ReadonlySet<Family> = new Set<Family>([
  'mountains',
  'forest',
  'meadow',
  'city',
  'lake',
  'fields',
]);

/** Possible weathers of a family, if not all. */
const weathersOf: Partial<Record<Family, readonly Weather[]>> = {
  dunes: ['clear', 'cloudy', 'fog'],
  canyon: ['clear', 'cloudy', 'fog', 'rain'],
  savanna: ['clear', 'cloudy', 'fog', 'rain'],
  island: ['clear', 'cloudy', 'fog', 'rain'],
  arctic: ['clear', 'cloudy', 'fog', 'snow'],
  planet: ['clear', 'fog'],
  underwater: ['clear'],
};

/** Possible things of a family, with their weights. */
export const thingsOf: Record<Family, readonly (readonly [Thing, number])[]> = {
  mountains: [
    ['balloon', 2],
    ['birds', 2],
    ['pines', 3],
    ['house', 2],
    ['castle', 2],
    ['bridge', 1],
    ['tent', 2],
  ],
  dunes: [
    ['balloon', 2],
    ['birds', 2],
    ['palms', 3],
    ['cacti', 3],
    ['tent', 2],
  ],
  sea: [
    ['sailboat', 4],
    ['birds', 3],
    ['whale', 3],
    ['lighthouse', 4],
    ['balloon', 1],
  ],
  forest: [
    ['birds', 2],
    ['house', 3],
    ['tent', 2],
    ['balloon', 1],
    ['castle', 1],
  ],
  meadow: [
    ['house', 3],
    ['windmill', 3],
    ['balloon', 3],
    ['birds', 2],
    ['pines', 1],
    ['tent', 1],
    ['castle', 1],
  ],
  canyon: [
    ['cacti', 4],
    ['birds', 2],
    ['balloon', 2],
    ['bridge', 2],
    ['tent', 1],
  ],
  city: [
    ['balloon', 2],
    ['birds', 2],
    ['bridge', 3],
    ['sailboat', 1],
  ],
  arctic: [
    ['whale', 3],
    ['sailboat', 1],
    ['birds', 1],
    ['tent', 2],
    ['pines', 1],
    ['house', 1],
  ],
  volcano: [
    ['birds', 2],
    ['palms', 3],
    ['balloon', 1],
    ['sailboat', 2],
  ],
  planet: [
    ['rocket', 4],
    ['tent', 1],
  ],
  underwater: [
    ['fish', 4],
    ['jellyfish', 4],
    ['whale', 2],
  ],
  lake: [
    ['sailboat', 3],
    ['house', 3],
    ['pines', 3],
    ['birds', 2],
    ['balloon', 2],
    ['castle', 1],
    ['bridge', 1],
  ],
  island: [
    ['palms', 4],
    ['sailboat', 3],
    ['birds', 2],
    ['lighthouse', 2],
    ['whale', 1],
    ['house', 1],
  ],
  savanna: [
    ['birds', 3],
    ['balloon', 3],
    ['tent', 1],
    ['house', 1],
  ],
  fields: [
    ['windmill', 4],
    ['house', 4],
    ['balloon', 2],
    ['birds', 2],
    ['pines', 1],
  ],
};

/** Draws random attributes. Every value occurs often enough to be learnt. */
export function randomAttributes(random: Random): Attributes {
  const family = random.pick(families);
  const time = random.pick(times);
  const season: Season = seasonal.has(family)
    ? random.pick(['spring', 'summer', 'autumn', 'winter'])
    : 'none';
  const weather = random.weighted(
    (weathersOf[family] ?? weathers)
      .filter(
        (weather) => weather !== 'snow' || season === 'winter' || family === 'arctic' || season === 'none',
      )
      .map(
        (weather) => [weather, { clear: 5, cloudy: 2.5, fog: 1.6, rain: 1.6, snow: 2.5 }[weather]] as const,
      ),
  );
  const chosen: Thing[] = [];
  const count = random.weighted([
    [0, 4],
    [1, 4],
    [2, 2],
  ]);
  for (let i = 0; i < count; i++) {
    const left = thingsOf[family].filter(([thing]) => !chosen.includes(thing));
    if (left.length > 0) chosen.push(random.weighted(left));
  }
  return {
    family,
    time,
    weather,
    season,
    sky: randomSky(random, family, time, weather),
    palette: random.weighted([
      ['natural', 5],
      ['warm', 1.5],
      ['cool', 1.5],
      ['pastel', 1.5],
      ['vivid', 1.5],
      ['muted', 1],
    ]),
    style: random.pick(styles),
    things: chosen.sort(),
    horizon: random.pick(horizons),
    side: random.pick(sides),
    tone: random.int(0, tones - 1),
  };
}

/** Draws a sky object that can be visible at that time and in that weather. */
function randomSky(random: Random, family: Family, time: Time, weather: Weather): SkyObject {
  if (family === 'underwater') return 'plain';
  if (family === 'planet') {
    const by: [SkyObject, number][] = [
      ['ringed planet', 4],
      ['plain', 0.5],
      ['sun', 1.5],
    ];
    if (time === 'night' || time === 'dusk') by.push(['crescent moon', 1], ['stars', 1]);
    return random.weighted(by);
  }
  const hidden = weather === 'rain' ? 6 : weather === 'fog' || weather === 'snow' ? 2 : 0.6;
  if (time === 'night') {
    const by: [SkyObject, number][] = [
      ['full moon', 2],
      ['half moon', 1],
      ['crescent moon', 2],
      ['plain', hidden],
    ];
    if (weather === 'clear' || weather === 'snow') by.push(['stars', 2]);
    if (weather === 'clear') by.push(['aurora', family === 'arctic' ? 4 : 1]);
    return random.weighted(by);
  }
  if (time === 'dusk') {
    return random.weighted([
      ['crescent moon', 1.5],
      ['full moon', 1.5],
      ['stars', weather === 'clear' ? 1 : 0],
      ['sun', 0.7],
      ['plain', 1 + hidden],
    ]);
  }
  return random.weighted([
    ['sun', 4],
    ['plain', hidden],
  ]);
}

/** Attributes with a layout seed; the picture is deterministic. */
export interface Scene extends Attributes {
  readonly layout: string;
}
