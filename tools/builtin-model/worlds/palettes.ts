import type { Season, Time } from './attributes.ts';
import { hex } from './colour.ts';
import type { Colour } from './colour.ts';

/** Colours of a time of day. */
export interface SkyColours {
  /** From the zenith to the horizon. */
  readonly stops: readonly [Colour, Colour, Colour];
  /** Colour that distant surfaces fade into. */
  readonly haze: Colour;
  /** Colour of the sun or the moon. */
  readonly disc: Colour;
  /** Colour of the incident light, multiplied with surfaces. */
  readonly light: Colour;
  /** Lightness by which the foreground is darker than the distance. */
  readonly contrast: number;
}

type Written = readonly [
  zenith: string,
  middle: string,
  horizon: string,
  haze: string,
  disc: string,
  light: string,
];

const written: Record<Time, readonly [Written, Written, Written]> = {
  dawn: [
    ['#7d95c9', '#e3b1c2', '#fde0bd', '#f3cdbf', '#fff4d6', '#f7dfd6'],
    ['#5f8fb5', '#a9cfd0', '#fbe6b8', '#e6dcc0', '#fffbe6', '#f6ead2'],
    ['#8a7fc0', '#eaa7b0', '#ffcfa4', '#f2bdb0', '#ffeccb', '#f3d3d2'],
  ],
  day: [
    ['#2f7fd1', '#77b9ea', '#cfeaf4', '#c3e0ee', '#fff7d2', '#ffffff'],
    ['#1f93c4', '#6bc7d9', '#d9f3e6', '#c4e8e0', '#fffbe0', '#fdfff6'],
    ['#4a8be0', '#9cc4f2', '#f1ecdb', '#dbe3ea', '#fff4c4', '#fffaf0'],
  ],
  sunset: [
    ['#3d2a66', '#c94a6a', '#fba558', '#ec845c', '#ffe38f', '#f2a57e'],
    ['#27406e', '#d9795a', '#ffcf6e', '#ee9f66', '#fff0a8', '#f5b483'],
    ['#4b1f5a', '#e0405a', '#ff7f45', '#e9614f', '#ffd27a', '#ee9370'],
  ],
  dusk: [
    ['#1d2358', '#5c4a92', '#d08aa6', '#95719f', '#ffe3d0', '#8f83bd'],
    ['#14304f', '#34678a', '#d7a58e', '#6c8196', '#fdeed0', '#7d93b0'],
    ['#2a1c4f', '#7a3f86', '#e8808a', '#a2618d', '#ffdcc0', '#9b7bb0'],
  ],
  night: [
    ['#070c26', '#14245a', '#2f508c', '#263f72', '#f3f0dc', '#6680c0'],
    ['#05141f', '#0d3346', '#2a6a76', '#1e4c5a', '#eef6e6', '#5d9aa8'],
    ['#100a2c', '#2a1a5c', '#55408e', '#3d2f6e', '#f6e9dc', '#7c70bd'],
  ],
};

const contrasts: Record<Time, number> = { dawn: 0.1, day: 0.06, sunset: 0.2, dusk: 0.11, night: 0.06 };

/** Colours of a time of day by tone. */
export function skyColours(time: Time, tone: number): SkyColours {
  const [zenith, middle, horizon, haze, disc, light] = written[time][tone] ?? written[time][0];
  return {
    stops: [hex(zenith), hex(middle), hex(horizon)],
    haze: hex(haze),
    disc: hex(disc),
    light: hex(light),
    contrast: contrasts[time],
  };
}

/** Colours of plants; `blossom` is used for flowers. */
export interface Plants {
  readonly grass: Colour;
  readonly field: Colour;
  readonly leaves: readonly [Colour, Colour, Colour];
  readonly needles: Colour;
  readonly blossom: readonly [Colour, Colour, Colour];
  /** Whether trees are without leaves. */
  readonly bare: boolean;
  readonly snow: boolean;
}

type WrittenPlants = readonly [
  grass: string,
  field: string,
  leaves: readonly [string, string, string],
  needles: string,
  blossom: readonly [string, string, string],
];

const writtenPlants: Record<Season, WrittenPlants> = {
  spring: [
    '#a4da68',
    '#cbe88c',
    ['#f2a3c0', '#f8d2e0', '#b4de78'],
    '#62a56c',
    ['#f48fb1', '#fff0f5', '#ffd9e6'],
  ],
  summer: [
    '#3f8f42',
    '#76aa3e',
    ['#2f7f3d', '#459245', '#256c3c'],
    '#24604a',
    ['#e2483f', '#ffd54f', '#f6e27a'],
  ],
  autumn: [
    '#b98f3e',
    '#d9a441',
    ['#e07a2f', '#c8452f', '#efb13c'],
    '#4f6b48',
    ['#b8432f', '#e6b54a', '#8a4b2d'],
  ],
  winter: [
    '#eef4f8',
    '#dde9f2',
    ['#b9cbd8', '#d3e0ea', '#9fb6c6'],
    '#4f7d7d',
    ['#d4e4f0', '#ffffff', '#b9cfe0'],
  ],
  none: [
    '#7aa653',
    '#a8b765',
    ['#4f9048', '#6aa650', '#3c7d48'],
    '#39745a',
    ['#ef8f6b', '#fff1c0', '#c77dc9'],
  ],
};

export function plants(season: Season): Plants {
  const [grass, field, leaves, needles, blossom] = writtenPlants[season];
  return {
    grass: hex(grass),
    field: hex(field),
    leaves: [hex(leaves[0]), hex(leaves[1]), hex(leaves[2])],
    needles: hex(needles),
    blossom: [hex(blossom[0]), hex(blossom[1]), hex(blossom[2])],
    bare: season === 'winter',
    snow: season === 'winter',
  };
}

/** Daylight colours of ground and materials. */
export const ground = {
  rock: hex('#7f8494'),
  rockWarm: hex('#94826f'),
  snow: hex('#f4f8fb'),
  ice: hex('#bfe0ee'),
  sand: hex('#e8b872'),
  sandPale: hex('#f3dca6'),
  clay: hex('#c4673d'),
  clayPale: hex('#e09a5f'),
  water: hex('#3f8fb5'),
  lagoon: hex('#3cbfb9'),
  basalt: hex('#4a4150'),
  lava: hex('#ff7a2e'),
  lavaHot: hex('#ffd75e'),
  savanna: hex('#d9b25a'),
  bark: hex('#6b4a35'),
  wall: hex('#f3e6d0'),
  stone: hex('#a8a2a0'),
  roof: hex('#b84a3a'),
  roofBlue: hex('#4a6a94'),
  window: hex('#ffd873'),
  white: hex('#ffffff'),
  ink: hex('#1d2233'),
  lavender: hex('#8d6fc4'),
  wheat: hex('#e3bf57'),
  coral: hex('#f2735f'),
  kelp: hex('#3d8a63'),
} as const;

/** Bright colours of prominent things: sails, balloons, rockets. */
export const accents: readonly [Colour, ...Colour[]] = [
  hex('#e4572e'),
  hex('#f2b134'),
  hex('#2e86ab'),
  hex('#c8385a'),
  hex('#3aa17e'),
  hex('#f6e7cb'),
  hex('#7d5ba6'),
];

/** Inks of the print style from dark to light, one set per tone. */
export const inks: readonly (readonly [Colour, ...Colour[]])[] = [
  [hex('#1b2a41'), hex('#2f5d73'), hex('#d9644a'), hex('#efa94f'), hex('#f6e6c4')],
  [hex('#2b1d3a'), hex('#6b3f69'), hex('#c65b5b'), hex('#eeb08a'), hex('#f7e9d2')],
  [hex('#14323a'), hex('#2c6e63'), hex('#7fa05f'), hex('#e3c26a'), hex('#f5ecd0')],
];
