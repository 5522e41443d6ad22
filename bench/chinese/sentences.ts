/** Everyday Mandarin: statements and questions, some numbers, no names. */
export const CHINESE_SENTENCES = [
  '今天天气很好，我们一起去公园散步吧。',
  '请问最近的地铁站怎么走？',
  '他每天早上六点起床，先喝一杯热水。',
  '图书馆里非常安静，大家都在认真看书。',
  '我昨天买了三斤苹果和两斤香蕉。',
  '火车还有十五分钟就要开了，请尽快上车。',
  '这家餐厅的牛肉面又便宜又好吃。',
  '孩子们在操场上踢足球，笑声传得很远。',
  '明天下午两点半开会，请不要迟到。',
  '她在大学里学习历史，毕业以后想当老师。',
  '冬天的北方很冷，湖面上结了厚厚的冰。',
  '医生建议他多运动，少吃甜的东西。',
  '我的手机没有电了，能借一下你的充电器吗？',
  '这座城市有一千多年的历史。',
  '爷爷喜欢一边听音乐一边画画。',
  '如果明天下雨，比赛就会推迟到星期六。',
  '超市在银行旁边，走路大约五分钟。',
  '妈妈做的菜比饭店里的还要好吃。',
  '科学家发现了一种新的植物。',
  '春天来了，山上的花都开了。',
  '请把窗户关上，外面的风太大了。',
  '他们坐飞机去南方旅行，一共花了八千块钱。',
  '老师让我们写一篇关于家乡的文章。',
  '只要努力工作，生活就会越来越好。',
] as const;

/**
 * The characters of the sentences that traditional Chinese writes otherwise, and how. Any other
 * traditional character in a transcript is an error whichever way it is written.
 */
export const TRADITIONAL =
  '氣們園請問鐵麼點熱圖書館裡裏認買兩蘋車還鐘鍾開盡儘這廳麵場聲傳遠會遲學習歷曆畢業後師當結醫議運動東機沒電嗎爺歡邊聽樂畫賽銀約媽飯發髮現種來戶關風飛塊錢讓寫於鄉';
/** The simplified counterparts, in the same order. */
export const SIMPLIFIED =
  '气们园请问铁么点热图书馆里里认买两苹车还钟钟开尽尽这厅面场声传远会迟学习历历毕业后师当结医议运动东机没电吗爷欢边听乐画赛银约妈饭发发现种来户关风飞块钱让写于乡';
