// Chooses the printer for a format.

import type { Format, Printer, PrinterOptions } from './printer.ts';
import { fieldsPrinter } from './printer_fields.ts';
import { jsonPrinter } from './printer_json.ts';
import { protobufPrinter } from './printer_protobuf.ts';
import { simplePrinter } from './printer_simple.ts';
import { tablePrinter } from './printer_table.ts';

/** @returns what prints answers in this format */
export function newPrinter(format: Format, options: PrinterOptions): Printer {
  switch (format) {
    case 'simple':
      return simplePrinter(options);
    case 'json':
      return jsonPrinter(options);
    case 'fields':
      return fieldsPrinter(options);
    case 'protobuf':
      return protobufPrinter(options);
    case 'table':
      return tablePrinter(options);
  }
}
