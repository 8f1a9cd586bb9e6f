/** A Python list. */
export class PyList {
  readonly items: PyValue[] = [];
}

/** A Python tuple. */
export class PyTuple {
  readonly items: readonly PyValue[];
  constructor(items: readonly PyValue[]) {
    this.items = items;
  }
}

/** A Python dict, in order. A Map, so that no key can mean anything to JavaScript. */
export class PyDict {
  readonly entries = new Map<PyValue, PyValue>();
}

/** Whatever the host of a pickle makes of globals, persistent ids and calls. */
export abstract class PyObject {
  /** What errors call it. */
  abstract readonly label: string;
}

/** A global that a pickle may call. */
export class PyFunction extends PyObject {
  readonly label: string;
  readonly call: (args: readonly PyValue[]) => PyValue;
  constructor(label: string, call: (args: readonly PyValue[]) => PyValue) {
    super();
    this.label = label;
    this.call = call;
  }
}

/** All that a pickle may hold here. Integers that do not fit exactly into a number are bigint. */
export type PyValue =
  null | boolean | number | bigint | string | Uint8Array | PyList | PyTuple | PyDict | PyObject;
