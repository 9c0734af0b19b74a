cli-failure = 没有完成:{ $sentence }({ $code })
cli-stopping = 正在停止;已入库的批次保留。再按一次 Ctrl-C 立即退出。
cli-stopped = 已按要求停止;已入库的批次保留,用同样的命令可以继续。
cli-no-folder = 没有文件夹 { $folder },无法检查本单位补充的数据标准。请核对 --data
cli-new-ledger = { $place } 里原来没有账本,已新建。
cli-new-ledger-tried = { $place } 里还没有账本。文件已在一个空账本上试过,没有新建任何内容。

cli-serving = 服务地址:{ $address }(按 Ctrl-C 停止)
cli-served = 服务已停止。
cli-not-https = 注意:正在向外网提供不加密的访问。请用 --tls-cert 和 --tls-key 指定证书,或在前面加 https 代理并加上 --https。
cli-port-taken = 不能监听 { $place }:{ $cause }。请用 --port 换一个端口。
cli-first-account = 首个账号(密码只显示这一次,登录后请修改)
    用户名:{ $user }
    密码:{ $password }

cli-progress = { $step } { $done } / { $total }(每秒 { $rate } 行,约剩 { $left } 秒)
cli-progress-open = { $step } { $done }(每秒 { $rate } 行)
cli-step-read = 读取
cli-step-check = 校验
cli-step-compare = 比对
cli-step-write = 入库
cli-step-export = 导出
cli-step-verify = 核验

cli-read = 读取 { $file }:{ $rows } 行({ $reading })
cli-reading-kind = 格式
cli-reading-encoding = 编码
cli-reading-delimiter = 分隔符
cli-reading-sheet = 工作表
cli-reading-header-row = 表头行
cli-columns = 识别的列
cli-ignored = 未使用的列:{ $headers }
cli-plan = 入库预览
cli-class-new = 新增
cli-class-changed = 变更
cli-class-unchanged = 不变
cli-class-review = 待确认
cli-class-refused = 退回
cli-class-missing = 缺失
cli-effective = 生效日期
cli-complete-for = 完整名单的单位
cli-changed-fields = 变更的字段
cli-missing = 名单中没有、建议办理的
cli-causes = 问题清单
cli-notices = 提示
cli-cause = { "  " }{ $rows } 行 · { $message }({ $code })
cli-cause-example = { "      " }例:第 { $row } 行 { $about }
cli-cause-repair = { "      " }处理建议:{ $repair }
cli-dry-run = 只预览,没有入库。去掉 --dry-run 即入库。
cli-nothing-written = 没有需要入库的内容。
cli-all-resumed = 上次已经全部入库({ $count } 个变更单)。
cli-written = 已入库:导入 { $import },入库批次 { $first } 至 { $last },写入 { $opened } 条,结束 { $closed } 条旧记录。
cli-resumed = 其中 { $count } 个变更单在上次停止前已入库。
cli-refused-file = 退回的行连同原因:{ $path }

cli-exported = 已导出 { $count } 条。
cli-export-not-noted = 数据文件夹不可写,本次导出没有记入审计。

cli-verified = 核验了 { $commits } 个入库批次、{ $versions } 条版本、{ $entries } 条审计记录。
cli-head = 账本末端:{ $head }(另处保存后,可用 weihe verify --expect 核对账本是否仍有这一批次)
cli-whole = 完好。
cli-findings = 发现 { $count } 处不一致。请停止写入,保留现场,从备份恢复:
cli-findings-of-another-state = 发现 { $count } 处不符。账本自身前后一致,但不是此前写入的那一份:
cli-finding-nothing = 没有
cli-finding-gap = 入库批次不连续:应为 { $expected },实为 { $found }
cli-finding-hash = 入库批次 { $number } 的内容与其摘要不符
cli-finding-parent = 入库批次 { $number } 没有接上前一批次
cli-finding-time = 入库批次 { $number } 的时间早于前一批次
cli-finding-root = 入库批次 { $number } 的记录被改动过
cli-finding-count = 入库批次 { $number } 的记录数不符:应为 { $said },实为 { $found }
cli-finding-orphans = 数据集 { $dataset } 有 { $versions } 条版本不属于任何入库批次
cli-finding-head = 账本头与最后一个入库批次不符
cli-finding-sealed-closed = 数据集 { $dataset } 的记录 { $record } 的加密内容打不开:被改动、移位,或其密钥丢失
cli-finding-sealed-digest = 数据集 { $dataset } 的记录 { $record } 的加密内容与校验链中的摘要不符
cli-finding-sealed-gone = 数据集 { $dataset } 的记录 { $record } 的加密内容不见了,而此人没有被删除
cli-erased = 已删除 { $persons } 人;其余 { $opened } 份加密内容已打开核对,相符
cli-keys-absent = 这里没有人员密钥,加密内容未打开核对
cli-finding-overlap = 数据集 { $dataset } 的记录 { $record } 有两个版本的生效时间重叠
cli-audit-dropped = 审计记录另有 { $dropped } 条已按保存期限清理,其余仍前后相接。
cli-finding-audit-missing = 审计记录第 { $number } 条缺失
cli-finding-audit-changed = 审计记录第 { $number } 条被改动、插入或移动过
cli-finding-audit-persons = 审计记录第 { $number } 条涉及的人员索引被改动过
cli-finding-audit-end = 审计记录第 { $number } 条起的末尾丢失,或末端被改动过
cli-finding-audit-dropped = 审计记录第 { $number } 条及以前的部分不是按保存期限清理的
cli-finding-short = 账本到第 { $ends } 批为止,而此前已写入 { $written } 批:账本被恢复到较早状态,或末尾丢失。确系有意恢复的,执行一次 weihe verify --put-back 说明;否则请恢复最新备份
cli-finding-not-as-kept = 第 { $number } 批的摘要与入库时留存的不同
cli-finding-not-as-expected = 账本里没有摘要相符的第 { $number } 批
cli-finding-next-record = 下一个记录编号是 { $next },而 { $highest } 已在使用
cli-finding-definitions = 留存的数据标准 { $hash } 的文件,与各批次入库时所用的不同
cli-finding-definitions-missing = 有批次按数据标准 { $hash } 入库,但没有留存它的文件
cli-finding-unit = 单位表与单位 { $unit } 的记录不符:{ $fault }
cli-finding-more-units = 单位表另有 { $count } 个单位不符
cli-unit-fault-missing = 表中没有这个单位
cli-unit-fault-extra = 没有这条记录
cli-unit-fault-parent = 上级单位不同
cli-unit-fault-validity = 起止日期或掌握时间不同

cli-problem = { $file }:{ $line }: { $what };{ $instead }
cli-problems = 数据标准有 { $count } 处错误。
cli-definitions-right = 数据标准没有错误:{ $datasets } 个数据集,{ $checks } 条校验规则,{ $sets } 个代码集。

cli-user-login = 用户名
cli-user-name = 姓名
cli-user-state = 状态
cli-user-grants = 岗位
cli-user-state-active = 启用
cli-user-state-disabled = 停用
cli-user-everything = 整个节点
cli-user-added = 已新建账号 { $name }。
cli-user-no-post = 账号 { $name } 还没有岗位,用 weihe user grant 授予。
cli-user-password = 已重设 { $name } 的密码,其已登录的设备均已退出。
cli-user-generated = 密码(只显示这一次):{ $password }
cli-user-trained = 已登记 { $name } 参加培训。
cli-user-granted = 已授予 { $name } 岗位。
cli-user-revoked = 已收回授权 { $name }。
cli-user-disabled = 已停用 { $name },其已登录的设备均已退出。
cli-user-linked = 已关联 { $name },关联编号 { $number }。
cli-user-unlinked = 已解除关联 { $name }。
cli-user-enabled = 已启用 { $name }。
cli-no-password = 标准输入里没有密码
cli-demo-townships = 载入乡镇
cli-demo-villages = 载入村(社区)
cli-demo-boundaries = 载入边界
cli-demo-institutions = 载入学校(机构)
cli-demo-attached = 载入教学点、附设班和校区
cli-demo-closings = 载入撤并记录
cli-demo-headlines = 载入年度概况
cli-demo-population = 载入人口

cli-step-keys = 核对密钥
cli-step-keys-wrap = 更换主密钥
cli-step-keys-build = 重建查找索引
cli-step-keys-purge = 清理旧索引
cli-keys-place = 主密钥位置
cli-keys-suite = 密码算法
cli-keys-realm = 查找范围
cli-keys-master = 使用中的主密钥
cli-keys-wrapped = 由主密钥 { $number } 保护的人员密钥
cli-keys-lookups = 查找密钥 { $number } 的索引条数
cli-keys-erased = 已删除个人信息的人数
cli-keys-checked = { $keys } 个人员密钥都能打开。
cli-keys-resumed = 上一次更换密钥没有完成,继续完成它。
cli-keys-nothing = 没有未完成的密钥更换。
cli-keys-rotated = { $kind ->
    [lookup] 查找密钥
   *[master] 主密钥
}已更换为第 { $target } 号,处理 { $rows } 条。
cli-keys-rotation-done = 第 { $number } 次更换({ $kind ->
    [lookup] 查找密钥
   *[master] 主密钥
},第 { $target } 号):已完成
cli-keys-rotation-open = 第 { $number } 次更换({ $kind ->
    [lookup] 查找密钥
   *[master] 主密钥
},第 { $target } 号):未完成,{ $done } / { $total };weihe keys resume 或服务运行时自动继续
cli-keys-forgotten = 已删除主密钥 { $number }。
cli-setup = 还没有账号。请打开 { $address }/setup,用首次设置码任命三名管理员
    首次设置码(只显示这一次,{ $until } 前有效):{ $code }
cli-setup-code = 首次设置码(只显示这一次,{ $until } 前有效;先前的作废):{ $code }
cli-setup-over = 已有账号,不再需要首次设置。
cli-user-factors-reset = 已移除 { $name } 的 { $count } 种第二验证方式和全部恢复码,其已登录的设备均已退出。
