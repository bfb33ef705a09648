### 接口说明页。

docs-title = 接口说明
docs-about = 全部调用都在这里，由服务自己的 OpenAPI 描述生成。调用和参数有中文说明；字段和类型的说明是英文。
docs-skip = 跳到接口说明
docs-page =
    .aria-label = 页面
docs-halls = 大厅
docs-contents =
    .aria-label = 目录
docs-search = 查找
docs-search-hint =
    .placeholder = 路径、词或问题代码
docs-found = { $count } 项
docs-found-none = 没有找到，请换短一点的词。
docs-reading = 正在读取
docs-unread = 此刻读不到接口描述，请稍候重新打开本页。
docs-deprecated = 已弃用
docs-who = 谁可以用
docs-required = 必填
docs-parameters = 参数
docs-body = 请求内容
docs-answers = 答复
docs-headers = 头部：
docs-problems = 问题代码
docs-schemas = 数据类型

## 各组调用

tag-halls = 大厅
tag-document = 大厅文档
tag-appointments = 预约
tag-tickets = 号
tag-counters = 窗口
tag-ops = 运行
tag-hall = 大厅的一天
tag-staff = 人员和设备
tag-invitations = 邀请
tag-kiosks = 自助机
tag-messages = 消息
tag-people = 个人信息
tag-session = 登录
