from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('images', '0002_space_weights'),
    ]

    operations = [
        migrations.AddField(
            model_name='embeddingspace',
            name='retired_at',
            field=models.DateTimeField(blank=True, help_text='when another space last took its place', null=True),
        ),
        migrations.AlterField(
            model_name='embeddingspace',
            name='weights',
            field=models.CharField(
                blank=True,
                default='',
                help_text='folder of the array store that holds model.safetensors; empty: the pretrained weights',
                max_length=300,
            ),
        ),
    ]
