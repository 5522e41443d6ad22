/** Names of units, each with its signs. Signs that are said as letters (GB) are absent. */
const UNIT_SIGNS = `
公里 km ㎞
米 m
分米 dm
厘米 cm ㎝
毫米 mm ㎜
微米 μm µm um
纳米 nm
英尺 ft
英里 mi
平方公里 km² km2 ㎢
平方米 m² m2 ㎡
平方厘米 cm² cm2
平方毫米 mm²
立方米 m³ m3 ㎥
立方厘米 cm³ cm3
公顷 ha
升 L l ℓ
毫升 mL ml ㎖ cc ㏄
公斤 kg Kg KG ㎏
克 g
毫克 mg ㎎
微克 μg µg
吨 t
磅 lb lbs
盎司 oz
小时 h hr hrs
分钟 min mins
秒 s sec
毫秒 ms
微秒 μs µs
纳秒 ns
赫兹 Hz
千赫兹 kHz KHz
兆赫兹 MHz
吉赫兹 GHz
转每分钟 rpm
帧每秒 fps
英里每小时 mph
次每分钟 bpm
公里每小时 km/h Km/h kmh kph
米每秒 m/s
米每二次方秒 m/s²
公里每秒 km/s
克每立方厘米 g/cm³
千克每立方米 kg/m³
毫克每升 mg/L
毫克每公斤 mg/kg
微克每立方米 μg/m³
公斤每平方米 kg/m²
摄氏度 °C ℃ ºC
华氏度 °F ℉
度 ° º
伏 V
千伏 kV
毫伏 mV
毫安 mA
毫安时 mAh
瓦 W
千瓦 kW KW
兆瓦 MW
吉瓦 GW
千瓦时 kWh kW·h
瓦时 Wh
欧姆 Ω Ω
千欧 kΩ
帕 Pa
百帕 hPa
千帕 kPa
兆帕 MPa
毫米汞柱 mmHg
分贝 dB db
卡 cal
千卡 kcal
千焦 kJ
焦耳 J
摩尔 mol
流明 lm
勒克斯 lx
兆 MB Mb
兆比特每秒 Mbps
兆每秒 MB/s
千比特每秒 kbps
像素 px`;

/** Names of currencies, each with its signs and codes. */
const CURRENCY_SIGNS = `
元 ¥ CN¥ RMB¥ RMB CNY
美元 $ US$ USD
欧元 € EUR
英镑 £ GBP
日元 JP¥ JPY
韩元 ₩ KRW
港元 HK$ HKD
新台币 NT$ TWD
澳元 A$ AU$ AUD
加元 C$ CA$ CAD
新加坡元 S$ SG$ SGD
瑞士法郎 CHF
卢布 ₽ RUB
卢比 ₹ INR
泰铢 ฿ THB
越南盾 ₫ VND`;

/** Signs of units → what is said after the number. */
export const UNITS = bySign(UNIT_SIGNS);
/** Signs and codes of currencies → their names. */
export const CURRENCIES = bySign(CURRENCY_SIGNS);

/** Words before which 2 is 两. 号, 月, 楼, 年级, 班 and the like name an order: there it is 二. */
const MEASURE_WORDS =
  '个 只 条 张 本 件 位 名 次 天 年(?!级|代|月|[0-9]) 周 岁 小时 分(?!之) 秒 种 家 座 棵 块 片 杯 瓶 碗 袋 盒 箱 包 双 对 ' +
  '套 台 辆 艘 头 匹 层 间 栋 幢 所 枝 根 把 份 封 篇 首 句 段 页 章 场 届 轮 批 组 群 列 步 遍 趟 声 代(?!码|号) ' +
  '辈 类 样 项 股 团 串 束 朵 滴 粒 颗 面 顶 笔 桩 起 元 角 毛 美元 欧元 韩元 日元 港元 英 米 厘米 毫 公 千 斤 克(?!隆) 吨 ' +
  '升 度 亩 平方 立方 人 万 亿 百 倍 成(?!年) 者 方 侧 边 旁 端 餐 顿 局 盘 集 季 册 卷 款 ' +
  '星期 礼拜 点 刻 磅 摄氏 华氏 赫 兆 瓦 伏 摩尔 加仑 支 架 门 户 宗 枚 幅 幕 节 课时 处 道 站 则 番 杆 尊 夜 晚 澳元 加元';

/** Whether a measure word follows, perhaps after a space. */
export const BEFORE_MEASURE = new RegExp(`^ ?(?:${MEASURE_WORDS.replaceAll(' ', '|')})`, 'u');

/** A pattern of any of the signs, the longest first, quoted. */
export function anyOf(signs: Iterable<string>): string {
  return [...signs]
    .toSorted((a, b) => b.length - a.length)
    .map((sign) => sign.replace(/[$./*+?^()[\]|\\{}]/g, String.raw`\$&`))
    .join('|');
}

/** Reads a table of names and signs: the name stands first in its line. */
export function bySign(table: string): ReadonlyMap<string, string> {
  return new Map(
    table
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .flatMap(([name = '', ...signs]) => signs.map((sign) => [sign, name] as const)),
  );
}
