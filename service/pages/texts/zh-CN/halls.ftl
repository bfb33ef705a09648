### The list of halls.

halls-title = 大厅
halls-about = 各大厅的事项、开放情况和叫号屏。
halls-nav =
    .aria-label = 页面
halls-docs = 接口说明
halls-more = 更多大厅
halls-loading = 正在读取
halls-none = 还没有大厅。
halls-unreached = 现在读不到大厅列表，正在再试。

## A hall

hall-open = 开放中
hall-closed = 未开放
hall-closed-until = 未开放 · { $time } 开放
hall-local-time = { $zone }，当地时间 { $time }
hall-come = 预约、取号
hall-screens = 叫号屏
hall-all-zones = 全部区域
hall-staff = 工作人员
hall-manage = 大厅管理
hall-unreached = 现在读不到窗口，正在再试。
service-online = 网上即可办理，无需到场
